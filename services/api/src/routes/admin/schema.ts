import { z } from "@hono/zod-openapi";
import type { RebuilderStatus, TickReport } from "@standings/rebuilder/contract";
import type { AsServed } from "./served-times.ts";

const time = z.iso.datetime();
const count = z.int().min(0);
const milliseconds = z.number();

const tickReportSchema = z
  .object({
    tickId: z.string(),
    trigger: z.enum(["alarm", "forced"]),
    startedAt: time,
    durationMs: milliseconds,
    rotation: count,
    epoch: count.nullable().openapi({ description: "null: nothing was committed." }),
    version: count.nullable().openapi({ description: "null: nothing was published." }),
    agents: count.openapi({ description: "Attempted." }),
    failed: count.openapi({ description: "Of those, with at least one failed source." }),
    notAttempted: count.openapi({ description: "Planned, but left for the next tick." }),
    calls: count.openapi({ description: "To upstreams." }),
    failedCalls: count,
    subrequests: count.openapi({ description: "Everything counted: fetches, KV, D1." }),
    rowsRead: count,
    rowsWritten: count,
    cursorBefore: z.string(),
    cursorAfter: z.string(),
    outcome: z.enum(["committed", "commit-failed", "fenced", "no-roster", "not-migrated", "given-up", "failed"]),
    error: z.string().nullable(),
    notes: z.array(z.string()),
    nextIntervalMs: milliseconds,
  })
  .openapi("TickReport");

export const tickAnswerSchema = tickReportSchema
  .extend({ joined: z.boolean().openapi({ description: "true: a tick was already running, and this is its report." }) })
  .openapi("TickAnswer");

const upstreamSchema = z.object({
  baseUrl: z.string(),
  ok: count,
  failed: count,
  rateLimited: count,
  p50Ms: milliseconds.nullable(),
  breaker: z.enum(["closed", "open", "half-open"]),
  openSince: time.nullable(),
  notBefore: time.nullable().openapi({ description: "No call before." }),
  lastError: z.string().nullable(),
  quota: z.record(z.string(), z.string()).openapi({ description: "Quota headers last seen." }),
  deprecationSeen: z.string().nullable(),
  monthlyBudget: count.openapi({ description: "Calls a calendar month; 0: without end." }),
  monthlyCalls: count.openapi({ description: "Of this month." }),
  runsOutAt: time.nullable().openapi({ description: "When the budget ends at the current rate; null: it lasts." }),
});

const quarantineSchema = z.object({
  id: z.string(),
  host: z.string(),
  source: z.enum(["stacks", "bitcoin"]),
  tokenId: z.string(),
  fell: count.openapi({ description: "Agents whose balance of it fell to zero." }),
  of: count.openapi({ description: "Agents of the chunk." }),
  since: time,
  release: z.string(),
});

const countersSchema = z.object({
  ticks: z.record(z.string(), count).openapi({ description: "By outcome." }),
  calls: z
    .record(z.string(), z.object({ ok: count, failed: count, rateLimited: count }))
    .openapi({ description: "By host." }),
  agents: count,
  agentsFailed: count,
  tickMs: milliseconds,
});

const priceSchema = z.object({
  priceUsd: z.number(),
  source: z.string(),
  pricedAt: time,
  ageSeconds: z.number(),
  held: z.string().nullable().openapi({ description: "Why a newer answer was not taken." }),
});

const rosterSchema = z.object({
  source: z.enum(["kv", "kept", "none"]),
  readAt: time.nullable(),
  acceptedAt: time.nullable(),
  ageSeconds: z.number().nullable(),
  accepted: count,
  rejected: z.record(z.string(), count).openapi({ description: "Reason to number of entries." }),
  rejectedExamples: z.array(z.object({ entry: z.string(), reason: z.string() })),
  sharedBtcAddresses: count,
  problem: z.string().nullable(),
  held: z
    .object({ id: z.string(), accepted: count, previous: count, since: time })
    .nullable()
    .openapi({ description: "A shrunken roster that waits for accept, by its id." }),
});

const rowCountsSchema = z.object({
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

export const statusSchema = z
  .object({
    state: z.enum(["idle", "running", "paused"]),
    now: time,
    paused: z.object({ since: time, until: time.nullable(), reason: z.string().nullable() }).nullable(),
    alarmAt: time.nullable(),
    alarmOverdueMs: milliseconds.openapi({ description: "0: not overdue." }),
    watchdogRearms: count.openapi({ description: "How often a lost or overdue alarm was set again." }),
    intervalMs: milliseconds,
    intervalReason: z.string(),
    next: z.object({ what: z.string(), at: time.nullable() }),
    rotation: z.object({
      number: count,
      startedAt: time.nullable(),
      processed: count,
      total: count,
      percent: z.number(),
      etaMs: milliseconds.nullable(),
    }),
    cursor: z.string().openapi({ description: "The last agent attempted; empty at the start of a rotation." }),
    epoch: count,
    lastTick: tickReportSchema.nullable(),
    ticks: z.array(tickReportSchema).openapi({ description: "Newest first, at most 20." }),
    upstreams: z.record(z.string(), upstreamSchema),
    hiroApi: z.object({ version: z.enum(["v1", "v3"]), since: time.nullable() }),
    prices: z.record(z.string(), priceSchema).openapi({ description: "By token id; absent: never had a price." }),
    roster: rosterSchema,
    publication: z
      .object({
        version: count,
        publishedAt: time,
        ageSeconds: z.number(),
        agents: count,
        partial: count,
        pending: count,
        coveragePercent: z.number(),
      })
      .nullable(),
    quarantines: z.array(quarantineSchema).openapi({ description: "Answers that are held back; release them by id." }),
    configProblem: z.string().nullable(),
    consecutiveFailures: count,
    unfinishedTicks: count.openapi({ description: "In a row, at the same place: they began and never ended." }),
    counters: countersSchema,
    rowCounts: rowCountsSchema.nullable().openapi({ description: "null: the database did not answer." }),
  })
  .openapi("RebuilderStatus", { description: "What the rebuilder is doing. Times are RFC 3339, durations end in Ms." });

export const pauseBodySchema = z
  .strictObject({
    until: z.iso
      .datetime({ offset: true, abort: true, error: "must be an RFC 3339 time, like 2027-01-31T12:00:00Z" })
      .refine(isWithinAYearAhead, { error: "must be in the future and at most a year ahead" })
      .optional()
      .openapi({
        description: "When the pause ends by itself. Without it, resume ends it.",
        example: "2027-01-31T12:00:00Z",
      }),
    reason: z
      .string()
      .max(200, { error: "must have at most 200 characters" })
      .optional()
      .openapi({ example: "upgrade" }),
  })
  .openapi("Pause");

export const acceptBodySchema = z
  .strictObject({ id: z.string({ error: "must be the id that status shows" }).min(1).max(200) })
  .openapi("Accept", { example: { id: "roster-41" } });

const YEAR_MS = 366 * 24 * 3_600_000;

function isWithinAYearAhead(text: string): boolean {
  const aheadMs = Date.parse(text) - Date.now();
  return aheadMs > 0 && aheadMs <= YEAR_MS;
}

// The HTTP shape is the RPC contract with times as RFC 3339. A field added there must be added here to compile.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
true satisfies Same<z.infer<typeof statusSchema>, AsServed<RebuilderStatus>>;
true satisfies Same<z.infer<typeof tickReportSchema>, AsServed<TickReport>>;
