import { LANES, type Lane } from "@standings/balances";

/** So many ticks in a row that began at one pair of places and never ended are no coincidence. */
const CRASHES_TO_TAKE_TURNS = 3;

/** A single agent is passed over after so many crashes, with a tick without its lane that ended before each of them. */
const CRASHES_TO_PASS_OVER = 3;

/** What brings a tick down today may be mended tomorrow. */
export const PASS_OVER_MS = 24 * 3_600_000;

/** Bounds the object's memory; whoever drops out is found again. */
const MAX_PASSED_OVER = 500;

/** A part of a lane's rotation in which ticks crash: taken in small chunks until it is behind. */
export interface BadSpan {
  halvings: number; // of the chunk; past a single agent they count that agent's crashes
  until: string | null; // its last agent; null = a plan has yet to say
}

/** Whose turn a tick is while it is found out which lane's ticks crash: a lane's, or a sample of agents elsewhere. */
export const TURNS = [...LANES, "neither"] as const;
export type Turn = (typeof TURNS)[number];

export interface PassedOver {
  lane: Lane;
  address: string;
  until: number; // Unix milliseconds
}

/** What is remembered of ticks that began and never ended: a crash cannot report itself. */
export interface CrashMemory {
  running: { place: string; turn: Turn | null } | null; // the tick under way
  count: number; // in a row, at one pair of places
  lastTurn: Turn | null; // lanes taken in turn; null = both at once
  spans: Record<Lane, BadSpan | null>;
  hasControl: Record<Lane, boolean>; // a tick without the lane has ended since its last crash
  passedOver: PassedOver[];
}

export const NEW_CRASHES: CrashMemory = {
  running: null,
  count: 0,
  lastTurn: null,
  spans: { stacks: null, bitcoin: null },
  hasControl: { stacks: false, bitcoin: false },
  passedOver: [],
};

/**
 * What is known when a tick begins at a pair of places. After three crashes there the lanes are taken in turn, so that it
 * shows whose ticks crash; only that lane is halved, and only while ticks without it end. Where both lanes' ticks crash,
 * one that asks agents elsewhere says whether those at the cursors are at fault, or asking at all is.
 */
export function beginAttempt(memory: CrashMemory, place: string, nowMs: number): CrashMemory {
  const { running } = memory;
  const passedOver = memory.passedOver.filter(({ until }) => until > nowMs && until <= nowMs + PASS_OVER_MS);
  const crashed = running === null ? { ...memory, count: 0 } : afterCrash(memory, running, place);
  const takesTurns = crashed.lastTurn !== null || crashed.count >= CRASHES_TO_TAKE_TURNS;
  const turn = takesTurns ? toNextTurn(crashed) : null;
  return { ...crashed, passedOver, lastTurn: turn, running: { place, turn } };
}

function afterCrash(memory: CrashMemory, running: NonNullable<CrashMemory["running"]>, place: string): CrashMemory {
  const count = running.place === place ? memory.count + 1 : 1;
  const { turn } = running;
  if (turn === null || turn === "neither") return { ...memory, count };
  const span = memory.spans[turn] ?? { halvings: 0, until: null };
  // Unless a tick without them ended, nothing says that the agents of this lane bring it down.
  const halvings = memory.hasControl[turn] ? span.halvings + 1 : span.halvings;
  return {
    ...memory,
    count,
    spans: { ...memory.spans, [turn]: { ...span, halvings } },
    hasControl: { ...memory.hasControl, [turn]: false },
  };
}

/** How many agents a lane takes, and whether the first of them is passed over. */
export function toSpanPlan(span: BadSpan | null, chunkSize: number): { size: number; passesOver: boolean } {
  if (span === null) return { size: chunkSize, passesOver: false };
  const size = Math.max(1, Math.floor(chunkSize / 2 ** span.halvings));
  return { size, passesOver: span.halvings >= toHalvingsToOne(chunkSize) + CRASHES_TO_PASS_OVER };
}

function toHalvingsToOne(chunkSize: number): number {
  return Math.floor(Math.log2(Math.max(1, chunkSize)));
}

export interface LaneEnd {
  hasMoved: boolean;
  hasEndedRotation: boolean;
  cursor: string; // where the lane stands now
  span: BadSpan | null; // as the plan completed it
  chunkSize: number;
}

/** A tick that ended clears what is behind it; the lanes go together again when no bad span is left. */
export function endAttempt(
  memory: CrashMemory,
  lanes: Record<Lane, LaneEnd>,
  passedOver: readonly PassedOver[],
): CrashMemory {
  const turn = memory.running?.turn ?? null;
  const spans = { stacks: toSpanLeft(lanes.stacks), bitcoin: toSpanLeft(lanes.bitcoin) };
  const absent = turn === null ? [] : LANES.filter((lane) => lane !== turn);
  const hasControl = { ...memory.hasControl, ...Object.fromEntries(absent.map((lane) => [lane, true])) };
  const isOver = turn === null || (LANES.every((lane) => hasControl[lane]) && LANES.every((lane) => !spans[lane]));
  return {
    running: null,
    count: 0,
    lastTurn: isOver ? null : turn,
    spans: isOver ? NEW_CRASHES.spans : spans,
    hasControl: isOver ? NEW_CRASHES.hasControl : hasControl,
    passedOver: [...memory.passedOver, ...passedOver].slice(-MAX_PASSED_OVER),
  };
}

function toSpanLeft({ span, hasMoved, hasEndedRotation, cursor, chunkSize }: LaneEnd): BadSpan | null {
  if (span === null || hasEndedRotation || (hasMoved && span.until !== null && cursor >= span.until)) return null;
  // The crashes of the agent that is behind are not the next one's.
  return hasMoved ? { ...span, halvings: Math.min(span.halvings, toHalvingsToOne(chunkSize)) } : span;
}

function toNextTurn({ lastTurn, hasControl }: CrashMemory): Turn {
  if (lastTurn === "stacks") return "bitcoin";
  return lastTurn === "bitcoin" && !LANES.some((lane) => hasControl[lane]) ? "neither" : "stacks";
}
