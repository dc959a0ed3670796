import { z } from "zod";
import { FRESHNESS_STATUSES, HOLD_KINDS, LANE_HEALTHS, REASON_CODES } from "./freshness.ts";

// What the rebuilder says of itself. One definition for all who read it: RPC carries times as Unix milliseconds, HTTP
// serves RFC 3339, the command line reads them back. null = has not happened, or is not known.

/**
 * committed: written and, when due, published. commit-failed: the database did not take it, the place stays.
 * fenced: a competing tick committed first, nothing of this one was written. no-roster: nobody to fetch.
 * not-migrated: the database lacks a table or column. given-up: ran past its deadline. failed: a bug, see `error`.
 */
export const TICK_OUTCOMES = [
  "committed",
  "commit-failed",
  "fenced",
  "no-roster",
  "not-migrated",
  "given-up",
  "failed",
] as const;
export type TickOutcome = (typeof TICK_OUTCOMES)[number];
export type TickTrigger = "alarm" | "forced";

const count = z.int().min(0);
const milliseconds = z.number();

const laneReport = z.object({
  rotation: count,
  asked: count.describe("Agents answered, or failed on their own."),
  failed: count,
  cursorBefore: z.string(),
  cursorAfter: z.string(),
});

function createTickReport<T extends z.ZodType>(time: T) {
  return z.object({
    tickId: z.string(),
    trigger: z.enum(["alarm", "forced"]),
    startedAt: time,
    durationMs: milliseconds,
    epoch: count.nullable().describe("null: nothing was committed."),
    version: count.nullable().describe("null: nothing was published."),
    agents: count.describe("Distinct agents asked."),
    failed: count.describe("Of those, with at least one lane that failed."),
    notAttempted: count.describe("Planned, but left for the next tick."),
    lanes: z.object({ stacks: laneReport, bitcoin: laneReport }),
    calls: count.describe("To upstreams."),
    failedCalls: count,
    subrequests: count.describe("Everything counted: fetches, KV, D1."),
    rowsRead: count,
    rowsWritten: count,
    outcome: z.enum(TICK_OUTCOMES),
    error: z.string().nullable().describe("In words for the person on call, never a secret."),
    notes: z.array(z.string()).describe("What happened that is no failure of the tick."),
    nextIntervalMs: milliseconds,
  });
}

function createLane<T extends z.ZodType>(time: T) {
  return z.object({
    health: z.enum(LANE_HEALTHS),
    since: time.nullable(),
    until: time.nullable().describe("When a rest ends."),
    why: z.string().nullable().describe("The last failure's cause while the lane is not well."),
    waitsFor: z.string().nullable().describe("Why the lane asks nobody although it is well."),
    rotation: count,
    startedAt: time.nullable(),
    processed: count,
    total: count,
    percent: z.number(),
    etaMs: milliseconds.nullable(),
    cursor: z.string().describe("The last agent asked; empty at the start of a rotation."),
    goodAt: time.nullable().describe("Last complete answer."),
  });
}

function createHold<T extends z.ZodType>(time: T) {
  return z.object({
    id: z.string().describe("Release it with accept."),
    kind: z.enum(HOLD_KINDS),
    subject: z.string(),
    detail: z.string(),
    since: time,
    seen: time.describe("When the claim was last made."),
    release: z.string().describe("When to accept, and how it ends by itself."),
  });
}

function createFreshness<T extends z.ZodType>(time: T) {
  return z.object({
    status: z.enum(FRESHNESS_STATUSES),
    since: time.nullable(),
    reasons: z.array(
      z.object({
        code: z.enum(REASON_CODES),
        subject: z.string().nullable(),
        since: time.nullable(),
        why: z.string(),
        action: z.object({ command: z.string(), when: z.string() }).nullable(),
      }),
    ),
  });
}

function createUpstream<T extends z.ZodType>(time: T) {
  return z.object({
    baseUrl: z.string(),
    ok: count.describe("Answers of the last tick that called it."),
    failed: count,
    rateLimited: count,
    p50Ms: milliseconds.nullable(),
    gate: z.enum(["open", "closed"]).describe("closed: no call before notBefore; the host or a budget says so."),
    notBefore: time.nullable(),
    lastError: z.string().nullable().describe("Kept until 100 good answers or an hour have passed."),
    lastErrorAt: time.nullable(),
    quota: z.record(z.string(), z.string()).describe("Quota headers last seen."),
    deprecationSeen: z.string().nullable(),
    monthlyBudget: count.describe("Calls a calendar month; 0: without end."),
    monthlyCalls: count.describe("Of this month."),
    runsOutAt: time.nullable().describe("When the budget ends at the current rate; null: it lasts."),
  });
}

function createPrice<T extends z.ZodType>(time: T) {
  return z.object({
    priceUsd: z.number(),
    source: z.string(),
    pricedAt: time,
    ageSeconds: z.number(),
    confirmedBy: z
      .enum(["second-source", "last-good", "single-source", "operator", "unknown"])
      .describe("Why it was believed. single-source: no other source answered for half an hour."),
    held: z.string().nullable().describe("Why a newer answer was not taken."),
  });
}

function createRoster<T extends z.ZodType>(time: T) {
  return z.object({
    source: z.enum(["kv", "kept", "none"]).describe("kept: the last read was not usable, see problem."),
    readAt: time.nullable(),
    acceptedAt: time.nullable(),
    ageSeconds: z.number().nullable(),
    accepted: count,
    rejected: z.record(z.string(), count).describe("Reason to number of entries."),
    rejectedExamples: z.array(z.object({ entry: z.string(), reason: z.string() })),
    sharedBtcAddresses: count.describe("Bitcoin addresses that more than one agent claims."),
    problem: z.string().nullable(),
  });
}

function createPublication<T extends z.ZodType>(time: T) {
  return z.object({
    version: count,
    publishedAt: time,
    ageSeconds: z.number(),
    agents: count,
    partial: count,
    pending: count,
    coveragePercent: z.number().describe("Ranked of listed."),
  });
}

const counters = z.object({
  ticks: z.record(z.string(), count).describe("By outcome."),
  calls: z.record(z.string(), z.object({ ok: count, failed: count, rateLimited: count })).describe("By host."),
  agents: count,
  agentsFailed: count,
  tickMs: milliseconds,
});

function createRowCounts<T extends z.ZodType>(time: T) {
  return z.object({
    agents: count,
    tokens: count,
    fetches: count,
    tickCommits: count,
    publications: count,
    balances: count,
    standings: count,
    agentsCovered: count,
    agentsRanked: count,
    oldestGoodAt: time.nullable(),
  });
}

/** The schemas of the status, with `time` as the reader has it. */
export function createStatusSchemas<T extends z.ZodType>(time: T) {
  const status = z.object({
    state: z.enum(["idle", "running", "paused"]),
    now: time,
    freshness: createFreshness(time),
    paused: z.object({ since: time, until: time.nullable(), reason: z.string().nullable() }).nullable(),
    alarmAt: time.nullable(),
    alarmOverdueMs: milliseconds.describe("0: not overdue."),
    watchdogRearms: count.describe("How often a lost or overdue alarm was set again."),
    intervalMs: milliseconds,
    intervalReason: z.string(),
    next: z.object({ what: z.string(), at: time.nullable() }),
    lanes: z.object({ stacks: createLane(time), bitcoin: createLane(time) }),
    holds: z.array(createHold(time)).describe("Claims held back; release them by id."),
    epoch: count,
    lastTick: createTickReport(time).nullable(),
    ticks: z.array(createTickReport(time)).describe("Newest first, at most 20."),
    upstreams: z.record(z.string(), createUpstream(time)),
    hiroApi: z.object({ version: z.enum(["v1", "v3"]), since: time.nullable() }),
    prices: z.record(z.string(), createPrice(time)).describe("By token id; absent: never had a price."),
    roster: createRoster(time),
    publication: createPublication(time).nullable(),
    publishing: z.object({
      mode: z.enum(["with-commit", "apart"]).describe("apart: the last one with a commit was too slow."),
      since: time.nullable(),
      problem: z.string().nullable().describe("Why the newest ranking was not published."),
    }),
    configProblem: z.string().nullable(),
    stateProblem: z.string().nullable().describe("What of the stored state could not be read."),
    consecutiveFailures: count,
    crashes: z.object({
      count: count.describe("Ticks in a row that began at one place and never ended."),
      passedOver: z.array(z.object({ lane: z.enum(["stacks", "bitcoin"]), address: z.string(), until: time })),
    }),
    counters,
    rowCounts: createRowCounts(time).nullable().describe("null: the database did not answer."),
  });
  return { status, tickReport: createTickReport(time) };
}

/** As carried over RPC: times in Unix milliseconds. */
export const rpcSchemas = createStatusSchemas(z.number());
export type RebuilderStatus = z.infer<typeof rpcSchemas.status>;
export type TickReport = z.infer<typeof rpcSchemas.tickReport>;
export type LaneReport = TickReport["lanes"]["stacks"];
export type HoldStatus = RebuilderStatus["holds"][number];
export type RosterStatus = RebuilderStatus["roster"];
export type UpstreamStatus = RebuilderStatus["upstreams"][string];
export type PriceConfirmation = RebuilderStatus["prices"][string]["confirmedBy"];
