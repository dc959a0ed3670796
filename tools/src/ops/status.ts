import { z } from "zod";

// What the operator's tool shows of the rebuilder's status. What it does not show may come, go and change.

const time = z.iso.datetime().transform((text) => Date.parse(text));

export const tickSchema = z.object({
  trigger: z.string(),
  startedAt: time,
  durationMs: z.number(),
  rotation: z.number(),
  epoch: z.number().nullable(),
  version: z.number().nullable(),
  agents: z.number(),
  failed: z.number(),
  notAttempted: z.number(),
  calls: z.number(),
  failedCalls: z.number(),
  subrequests: z.number(),
  outcome: z.string(),
  error: z.string().nullable(),
  notes: z.array(z.string()),
  nextIntervalMs: z.number(),
  joined: z.boolean().optional(),
});

const upstreamSchema = z.object({
  ok: z.number(),
  failed: z.number(),
  rateLimited: z.number(),
  p50Ms: z.number().nullable(),
  breaker: z.string(),
  openSince: time.nullable(),
  notBefore: time.nullable(),
  lastError: z.string().nullable(),
  deprecationSeen: z.string().nullable(),
  monthlyBudget: z.number(),
  monthlyCalls: z.number(),
  runsOutAt: time.nullable(),
});

export const statusSchema = z.object({
  state: z.string(),
  now: time,
  paused: z.object({ since: time, until: time.nullable(), reason: z.string().nullable() }).nullable(),
  alarmAt: time.nullable(),
  alarmOverdueMs: z.number(),
  intervalMs: z.number(),
  intervalReason: z.string(),
  next: z.object({ what: z.string(), at: time.nullable() }),
  rotation: z.object({
    number: z.number(),
    startedAt: time.nullable(),
    processed: z.number(),
    total: z.number(),
    percent: z.number(),
    etaMs: z.number().nullable(), // null: between two rotations
  }),
  epoch: z.number(),
  ticks: z.array(tickSchema), // newest first
  upstreams: z.record(z.string(), upstreamSchema),
  hiroApi: z.object({ version: z.string(), since: time.nullable() }),
  prices: z.record(
    z.string(),
    z.object({ priceUsd: z.number(), source: z.string(), ageSeconds: z.number(), held: z.string().nullable() }),
  ),
  roster: z.object({
    source: z.string(),
    ageSeconds: z.number().nullable(),
    accepted: z.number(),
    rejected: z.record(z.string(), z.number()),
    problem: z.string().nullable(),
    held: z.object({ id: z.string(), accepted: z.number(), previous: z.number(), since: time }).nullable(),
  }),
  publication: z
    .object({
      version: z.number(),
      ageSeconds: z.number(),
      agents: z.number(),
      partial: z.number(),
      pending: z.number(),
      coveragePercent: z.number(),
    })
    .nullable(),
  quarantines: z.array(
    z.object({
      id: z.string(),
      host: z.string(),
      tokenId: z.string(),
      fell: z.number(),
      of: z.number(),
      since: time,
      release: z.string(),
    }),
  ),
  configProblem: z.string().nullable(),
  consecutiveFailures: z.number(),
  unfinishedTicks: z.number(),
  rowCounts: z.object({ agents: z.number(), balances: z.number(), agentsCovered: z.number() }).nullable(),
});

export type Status = z.output<typeof statusSchema>;
export type Tick = z.output<typeof tickSchema>;
