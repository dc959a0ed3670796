import { parseRoster, type RosterAgent, type RosterParse } from "@standings/balances";
import type { RosterStatus } from "../contract/status.ts";

/** The key and shape are those of the site whose agents are ranked; it expires after 600 s, so absence is normal. */
export const ROSTER_KEY = "cache:agent-list";

/** A roster with less than this share of the reference is more likely broken than true. */
const MIN_SHARE_OF_REFERENCE = 0.8;

/** The reference looks back this far: a roster that loses a little at every read is judged against where it began. */
const REFERENCE_WINDOW_MS = 24 * 3_600_000;

/** Accepted sizes are remembered by the hour: as many as the window has. */
const SIZE_BUCKET_MS = 3_600_000;

const KEPT_EXAMPLES = 10; // enough to see what is wrong with a feed, small enough for a status page

export interface RosterMemory extends Omit<RosterStatus, "ageSeconds"> {
  isRefused: boolean; // the database did not take it
  sizes: { at: number; size: number }[]; // the largest roster accepted in each hour of the window, oldest first
}

export const NEW_ROSTER: RosterMemory = {
  source: "none",
  readAt: null,
  acceptedAt: null,
  accepted: 0,
  rejected: {},
  rejectedExamples: [],
  sharedBtcAddresses: 0,
  problem: null,
  isRefused: false,
  sizes: [],
};

/** A roster that waits for a larger one, or for an operator. Times are Unix milliseconds. */
export interface RosterHold {
  id: string;
  kind: "roster";
  size: number;
  reference: number;
  since: number;
  seen: number;
}

export interface RosterInput {
  text: string | null; // what the key holds
  memory: RosterMemory;
  hold: RosterHold | undefined;
  isAccepted: boolean; // an operator said that the held roster is true
  listed: number; // agents of the current roster
  nowMs: number;
  newId: () => string;
}

export interface RosterVerdict {
  /** The agents to apply; undefined = keep the last roster. */
  agents: RosterAgent[] | undefined;
  memory: RosterMemory;
  hold: RosterHold | undefined;
}

/**
 * Whether what the key holds becomes the roster. Absent, corrupt or empty means unknown: the last roster stays, and the
 * status says why. Much smaller than the largest of a day is held back; accepting it makes its size the reference,
 * whoever joins or leaves in between.
 */
export function judgeRoster(input: RosterInput): RosterVerdict {
  const { text, hold, listed, nowMs } = input;
  const memory: RosterMemory = { ...input.memory, readAt: nowMs, isRefused: false };
  const keep = (problem: string, changes: Partial<RosterVerdict> = {}): RosterVerdict => ({
    agents: undefined,
    hold,
    ...changes,
    memory: { ...(changes.memory ?? memory), source: listed > 0 ? "kept" : "none", problem },
  });
  if (text === null) return keep(`the key ${ROSTER_KEY} is absent`);
  const parsed = parseRoster(text);
  if (!parsed.ok) return keep(parsed.problem);
  const described = { ...memory, ...describeRejections(parsed) };
  const size = parsed.agents.length;
  if (size === 0) return keep("the roster lists no valid agent", { memory: described });
  const reference = toReference(input);
  if (size < reference * MIN_SHARE_OF_REFERENCE) {
    const next = toHold(input, size, reference);
    return keep(describeRosterHold(next), { memory: described, hold: next });
  }
  const sizes = rememberSize(input.isAccepted ? [] : memory.sizes, size, nowMs);
  return {
    agents: parsed.agents,
    memory: { ...described, source: "kv", acceptedAt: nowMs, accepted: size, problem: null, sizes },
    hold: undefined,
  };
}

/** What is held back, in words. */
export function describeRosterHold({ size, reference }: RosterHold): string {
  return `the roster shrank from ${reference} to ${size} agents`;
}

function toReference({ memory, hold, isAccepted, listed, nowMs }: RosterInput): number {
  if (isAccepted && hold) return hold.size;
  const recent = memory.sizes.filter(({ at }) => nowMs - at < REFERENCE_WINDOW_MS);
  return recent.length === 0 ? listed : Math.max(...recent.map(({ size }) => size));
}

/** One that shrank much further is another claim: who accepts a hold means the size that it had. */
function toHold({ hold, nowMs, newId }: RosterInput, size: number, reference: number): RosterHold {
  const same = hold && size >= hold.size * MIN_SHARE_OF_REFERENCE ? hold : undefined;
  const id = same?.id ?? `roster-${newId().slice(0, 8)}`;
  return { id, kind: "roster", size, reference, since: same?.since ?? nowMs, seen: nowMs };
}

function rememberSize(sizes: RosterMemory["sizes"], size: number, nowMs: number): RosterMemory["sizes"] {
  const recent = sizes.filter(({ at }) => at <= nowMs && nowMs - at < REFERENCE_WINDOW_MS);
  const last = recent.at(-1);
  if (last === undefined || nowMs - last.at >= SIZE_BUCKET_MS) return [...recent, { at: nowMs, size }];
  return [...recent.slice(0, -1), { at: last.at, size: Math.max(last.size, size) }];
}

function describeRejections({ rejected, sharedBtcAddresses }: Extract<RosterParse, { ok: true }>) {
  const counts: Record<string, number> = {};
  for (const { reason } of rejected) counts[reason] = (counts[reason] ?? 0) + 1;
  return { rejected: counts, rejectedExamples: rejected.slice(0, KEPT_EXAMPLES), sharedBtcAddresses };
}
