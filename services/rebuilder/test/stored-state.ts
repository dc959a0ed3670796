import type { TickReport } from "../src/contract/status.ts";
import { NEW_CONTROL, NEW_STATE } from "../src/rebuild/state.ts";
import { NEW_LANE } from "../src/safeguards/lane-health.ts";
import { type CrashMemory, NEW_CRASHES } from "../src/safeguards/poison.ts";
import { NEW_ROSTER } from "../src/safeguards/roster-shrink.ts";
import { NEW_LANE_PLACE } from "../src/tick/lanes.ts";
import type { Control, State } from "../src/tick/memory.ts";
import { heldFall, NOW } from "./falls.ts";

const LANE_PLACE = {
  ...NEW_LANE_PLACE,
  rotation: 41,
  isOpen: true,
  cursor: "SP2",
  processed: 100,
  total: 430,
  startedAt: NOW,
};

export const REPORT: TickReport = {
  tickId: "tick-1",
  trigger: "alarm",
  startedAt: NOW,
  durationMs: 9_000,
  epoch: 812,
  version: 77,
  agents: 86,
  failed: 1,
  notAttempted: 0,
  lanes: {
    stacks: { rotation: 41, asked: 86, failed: 0, cursorBefore: "SP1", cursorAfter: "SP2" },
    bitcoin: { rotation: 41, asked: 86, failed: 1, cursorBefore: "SP1", cursorAfter: "SP2" },
  },
  calls: 175,
  failedCalls: 1,
  subrequests: 184,
  rowsRead: 900,
  rowsWritten: 90,
  outcome: "committed",
  error: null,
  notes: ["the bitcoin lane stopped: deadline"],
  nextIntervalMs: 120_000,
};

const HOST = {
  notBefore: NOW + 60_000,
  lastError: { what: "timeout", at: NOW, goodSince: 3 },
  quota: { "ratelimit-remaining": "9" },
  deprecationSeen: "299 - soon",
  use: { month: "2026-11", calls: 4_711 },
};

const CALLS = { ok: 1, failed: 2, rateLimited: 3 };

/** A state with something in every field. */
export const FULL_STATE: State = {
  ...NEW_STATE,
  epoch: 812,
  version: 77,
  place: { agents: 430, resets: 1, stacks: LANE_PLACE, bitcoin: LANE_PLACE },
  lanes: {
    stacks: { ...NEW_LANE, goodAt: NOW },
    bitcoin: { ...NEW_LANE, health: "resting", since: NOW, until: NOW + 5, streak: ["SP1"] },
  },
  kept: {
    stacks: [{ agent: "SP1", held: ["stx"], fell: [] }],
    bitcoin: [{ agent: "SP1", held: ["btc-l1"], fell: ["btc-l1"] }],
  },
  holds: [
    { ...heldFall(), pairs: heldFall().pairs.slice(0, 2) },
    { id: "roster-1", kind: "roster", size: 300, reference: 430, since: NOW, seen: NOW },
    {
      id: "price-1",
      kind: "price",
      tokenId: "stx",
      priceUsd: 5,
      source: "x",
      from: null,
      since: NOW,
      saidSince: NOW,
      seen: NOW,
    },
  ],
  prices: { stx: { confirmedBy: "second-source", pricedAt: NOW, samples: [{ at: NOW, priceUsd: 0.8 }] } },
  priceProblems: { stx: "no answer" },
  upstreams: {
    hosts: { hiro: HOST, mempool: HOST },
    counts: { hiro: { ...CALLS, latenciesMs: [5] } },
    hiro: { version: "v3", since: NOW },
  },
  roster: { ...NEW_ROSTER, source: "kv", readAt: NOW, acceptedAt: NOW, accepted: 430, sizes: [{ at: NOW, size: 430 }] },
  journal: {
    startedAt: NOW,
    ticks: [REPORT, { ...REPORT, tickId: "tick-0" }],
    failedCommits: 1,
    interval: { ms: 120_000, reason: "upstreams are healthy" },
    publishing: { mode: "apart", since: NOW, problem: "slow", owed: true },
    committedAt: NOW,
    waitingFor: "a price",
    paceMs: 5,
    goodAnswers: 86,
    countedAt: NOW,
    degraded: { "hold roster-1": NOW },
    counters: { ticks: { committed: 812 }, calls: { hiro: CALLS }, agents: 9, agentsFailed: 1, tickMs: 8 },
  },
};

export const FULL_CONTROL: Control = {
  ...NEW_CONTROL,
  paused: { since: NOW, until: NOW + 5, reason: "an upgrade" },
  resets: 1,
  acceptedIds: ["roster-1"],
  forced: { day: "2026-11-25", count: 2, lastAt: NOW },
  watchdogRearms: 3,
  unwritten: [{ id: "a", at: NOW, action: "pause", subject: null, reason: "an upgrade", outcome: "paused" }],
};

export const FULL_CRASHES: CrashMemory = {
  ...NEW_CRASHES,
  running: { place: "SP1 SP1", turn: "neither" },
  count: 4,
  lastTurn: "bitcoin",
  spans: { stacks: { halvings: 2, until: "SP9" }, bitcoin: null },
  passedOver: [{ lane: "stacks", address: "SP5", until: NOW }],
};

type Path = (string | number)[];

/** Every place in a value, from the outermost in. */
export function toPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, one]) =>
    toPaths(one, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

/** A copy with another value at the path; `undefined` = without it. */
export function withAt(value: unknown, [name, ...rest]: Path, next: unknown): unknown {
  if (name === undefined) return next;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  if (rest.length === 0 && next === undefined && !Array.isArray(copy)) delete copy[name];
  else copy[name] = withAt(copy[name], rest, next);
  return copy;
}
