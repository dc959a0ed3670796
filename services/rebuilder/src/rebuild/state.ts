import { HOST_NAMES, LANES } from "@standings/balances";
import { z } from "zod";
import { HOLD_KINDS, LANE_HEALTHS } from "../contract/freshness.ts";
import { createStatusSchemas } from "../contract/status.ts";
import { NEW_LANE } from "../safeguards/lane-health.ts";
import { type CrashMemory, NEW_CRASHES, TURNS } from "../safeguards/poison.ts";
import { NEW_ROSTER } from "../safeguards/roster-shrink.ts";
import { placeSchema } from "../tick/lanes.ts";
import type { Control, State } from "../tick/memory.ts";
import { complete } from "./complete.ts";

// What the Durable Object stores under its keys, and how what an older release left there is completed.

/** What a date can hold, Unix milliseconds: any other number would have to be shown to somebody. */
const MAX_TIME = 8.64e15;
const moment = z.number().min(0).max(MAX_TIME);
const time = moment.nullable();
const schemas = createStatusSchemas(moment);
const lane = z.object({
  health: z.enum(LANE_HEALTHS),
  since: time,
  until: time,
  why: z.string().nullable(),
  goodAt: time,
  streak: z.array(z.string()),
  suspects: z.array(z.string()),
  waited: z.number(),
});
const keptAnswer = z.object({ agent: z.string(), held: z.array(z.string()), fell: z.array(z.string()) });
const holdBase = { id: z.string(), since: moment, seen: moment };
const [FALL, ROSTER, PRICE] = HOLD_KINDS;
const hold = z.discriminatedUnion("kind", [
  z.object({
    ...holdBase,
    kind: z.literal(FALL),
    lane: z.enum(LANES),
    tokenId: z.string(),
    pairs: z.array(
      z.object({
        agent: z.string(),
        asked: z.string(),
        since: moment,
        rotations: z.number(),
        rotation: z.number(),
      }),
    ),
  }),
  z.object({ ...holdBase, kind: z.literal(ROSTER), size: z.number(), reference: z.number() }),
  z.object({
    ...holdBase,
    kind: z.literal(PRICE),
    tokenId: z.string(),
    priceUsd: z.number(),
    source: z.string(),
    from: z.number().nullable(),
    saidSince: moment,
  }),
]);
const hostState = z.object({
  notBefore: time,
  lastError: z.object({ what: z.string(), at: moment, goodSince: z.number() }).nullable(),
  quota: z.record(z.string(), z.string()),
  deprecationSeen: z.string().nullable(),
  use: z.object({ month: z.string(), calls: z.number() }).nullable(),
});
const hostCounts = z.object({
  ok: z.number(),
  failed: z.number(),
  rateLimited: z.number(),
  latenciesMs: z.array(z.number()),
});
const callCounts = z.object({ ok: z.number(), failed: z.number(), rateLimited: z.number() });
const hosts = z.enum(HOST_NAMES);

const stateSchema = z.object({
  epoch: z.number(),
  version: z.number(),
  place: placeSchema.nullable(),
  lanes: z.object({ stacks: lane, bitcoin: lane }),
  kept: z.object({ stacks: z.array(keptAnswer), bitcoin: z.array(keptAnswer) }),
  holds: z.array(hold),
  prices: z.record(
    z.string(),
    z.object({
      confirmedBy: schemas.status.shape.prices.valueType.shape.confirmedBy,
      pricedAt: time,
      samples: z.array(z.object({ at: moment, priceUsd: z.number() })),
    }),
  ),
  priceProblems: z.record(z.string(), z.string()),
  upstreams: z.object({
    hosts: z.partialRecord(hosts, hostState),
    counts: z.partialRecord(hosts, hostCounts),
    hiro: z.object({ version: z.enum(["v1", "v3"]), since: time }),
  }),
  roster: schemas.status.shape.roster
    .omit({ ageSeconds: true })
    .extend({ isRefused: z.boolean(), sizes: z.array(z.object({ at: moment, size: z.number() })) }),
  journal: z.object({
    startedAt: time,
    ticks: z.array(schemas.tickReport),
    failedCommits: z.number(),
    interval: z.object({ ms: z.number(), reason: z.string() }),
    publishing: z.object({
      mode: z.enum(["with-commit", "apart"]),
      since: time,
      problem: z.string().nullable(),
      owed: z.boolean(),
    }),
    committedAt: time,
    waitingFor: z.string().nullable(),
    paceMs: z.number(),
    goodAnswers: z.number(),
    countedAt: time,
    degraded: z.record(z.string(), moment),
    counters: z.object({
      ticks: z.record(z.string(), z.number()),
      calls: z.partialRecord(hosts, callCounts),
      agents: z.number(),
      agentsFailed: z.number(),
      tickMs: z.number(),
    }),
  }),
}) satisfies z.ZodType<State>;

const controlSchema = z.object({
  paused: z.object({ since: moment, until: time, reason: z.string().nullable() }).nullable(),
  resets: z.number(),
  acceptedIds: z.array(z.string()),
  forced: z.object({ day: z.string(), count: z.number(), lastAt: z.number() }),
  watchdogRearms: z.number(),
  unwritten: z.array(
    z.object({
      id: z.string(),
      at: moment,
      action: z.string(),
      subject: z.string().nullable(),
      reason: z.string().nullable(),
      outcome: z.string(),
    }),
  ),
}) satisfies z.ZodType<Control>;

const span = z.object({ halvings: z.number(), until: z.string().nullable() }).nullable();
const crashSchema = z.object({
  running: z.object({ place: z.string(), turn: z.enum(TURNS).nullable() }).nullable(),
  count: z.number(),
  lastTurn: z.enum(TURNS).nullable(),
  spans: z.object({ stacks: span, bitcoin: span }),
  hasControl: z.object({ stacks: z.boolean(), bitcoin: z.boolean() }),
  passedOver: z.array(z.object({ lane: z.enum(LANES), address: z.string(), until: moment })),
}) satisfies z.ZodType<CrashMemory>;

export const NEW_STATE: State = {
  epoch: 0,
  version: 0,
  place: null,
  lanes: { stacks: NEW_LANE, bitcoin: NEW_LANE },
  kept: { stacks: [], bitcoin: [] },
  holds: [],
  prices: {},
  priceProblems: {},
  upstreams: { hosts: {}, counts: {}, hiro: { version: "v1", since: null } },
  roster: NEW_ROSTER,
  journal: {
    startedAt: null,
    ticks: [],
    failedCommits: 0,
    interval: { ms: 0, reason: "no tick yet" },
    publishing: { mode: "with-commit", since: null, problem: null, owed: false },
    committedAt: null,
    waitingFor: null,
    paceMs: 0,
    goodAnswers: 0,
    countedAt: null,
    degraded: {},
    counters: { ticks: {}, calls: {}, agents: 0, agentsFailed: 0, tickMs: 0 },
  },
};

export const NEW_CONTROL: Control = {
  paused: null,
  resets: 0,
  acceptedIds: [],
  forced: { day: "", count: 0, lastAt: 0 },
  watchdogRearms: 0,
  unwritten: [],
};

/** What was stored, completed; `problems` names what could not be read and stands as if it were new. */
export interface Completed<T> {
  value: T;
  problems: string[];
}

export function toState(stored: unknown): Completed<State> {
  return complete("rebuild", stateSchema, NEW_STATE, stored);
}

export function toControl(stored: unknown): Completed<Control> {
  return complete("operator", controlSchema, NEW_CONTROL, stored);
}

export function toCrashes(stored: unknown): Completed<CrashMemory> {
  return complete("crashes", crashSchema, NEW_CRASHES, stored);
}
