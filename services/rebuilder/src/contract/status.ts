import type { BreakerState } from "@standings/balances";
import type { RowCounts } from "@standings/db";

// What the rebuilder answers over RPC. Changes are additive: a newer API may meet an older rebuilder for minutes.
// Times are Unix milliseconds, null = has not happened.

export type TickTrigger = "alarm" | "forced";

/**
 * committed: written and, when due, published. commit-failed: the database did not take it, the cursor stays.
 * fenced: a competing tick committed first, nothing of this one was written. no-roster: nobody to fetch.
 * not-migrated: the database lacks a table or column. given-up: ran past its deadline. failed: a bug, see `error`.
 */
export type TickOutcome =
  | "committed"
  | "commit-failed"
  | "fenced"
  | "no-roster"
  | "not-migrated"
  | "given-up"
  | "failed";

export interface TickReport {
  tickId: string;
  trigger: TickTrigger;
  startedAt: number;
  durationMs: number;
  rotation: number;
  epoch: number | null; // null = nothing was committed
  version: number | null; // null = nothing was published
  agents: number; // attempted
  failed: number; // of those, with at least one failed source
  notAttempted: number; // planned, but left for the next tick
  calls: number; // to upstreams
  failedCalls: number;
  subrequests: number; // everything counted: fetches, KV, D1
  rowsRead: number;
  rowsWritten: number;
  cursorBefore: string;
  cursorAfter: string;
  outcome: TickOutcome;
  error: string | null; // in words for the person on call, never a secret
  notes: string[]; // what happened that is no failure of the tick: a host blocked, a publication left out, ...
  nextIntervalMs: number;
}

export interface UpstreamStatus {
  baseUrl: string;
  ok: number; // answers of the last tick that called it
  failed: number;
  rateLimited: number;
  p50Ms: number | null;
  breaker: BreakerState;
  openSince: number | null;
  notBefore: number | null; // no call before
  lastError: string | null;
  quota: Record<string, string>; // quota headers last seen
  deprecationSeen: string | null; // the Warning header of a deprecated route
  monthlyBudget: number; // calls a calendar month, 0 = without end
  monthlyCalls: number; // of this month
  runsOutAt: number | null; // when the budget ends at the current rate; null = it lasts
}

/** Answers that are held back: too many agents lost a holding at once. */
export interface QuarantineStatus {
  id: string; // release it with accept
  host: string;
  source: "stacks" | "bitcoin";
  tokenId: string;
  fell: number; // agents whose balance of it fell to zero
  of: number; // agents of the chunk
  since: number;
  release: string; // how, in words
}

export interface PriceStatus {
  priceUsd: number;
  source: string;
  pricedAt: number;
  ageSeconds: number;
  held: string | null; // why a newer answer was not taken
}

export interface RosterStatus {
  source: "kv" | "kept" | "none"; // kept = the last read was not usable, see `problem`
  readAt: number | null; // last time the key was read
  acceptedAt: number | null; // last time a roster was accepted
  ageSeconds: number | null; // since then
  accepted: number;
  rejected: Record<string, number>; // reason -> entries
  rejectedExamples: { entry: string; reason: string }[];
  sharedBtcAddresses: number; // Bitcoin addresses that more than one agent claims
  problem: string | null;
  held: { id: string; accepted: number; previous: number; since: number } | null; // a shrunken roster, waiting for accept
}

export interface RebuilderStatus {
  state: "idle" | "running" | "paused";
  now: number;
  paused: { since: number; until: number | null; reason: string | null } | null;
  alarmAt: number | null;
  alarmOverdueMs: number; // 0 = not overdue
  watchdogRearms: number; // how often a lost or overdue alarm was set again
  intervalMs: number;
  intervalReason: string;
  next: { what: string; at: number | null };
  rotation: {
    number: number;
    startedAt: number | null;
    processed: number;
    total: number;
    percent: number;
    etaMs: number | null;
  };
  cursor: string; // the last agent attempted; "" = at the start of a rotation
  epoch: number;
  lastTick: TickReport | null;
  ticks: TickReport[]; // newest first, at most 20
  upstreams: Record<string, UpstreamStatus>;
  hiroApi: { version: "v1" | "v3"; since: number | null };
  prices: Record<string, PriceStatus>; // by token id; a token that never had a price is absent
  roster: RosterStatus;
  publication: {
    version: number;
    publishedAt: number;
    ageSeconds: number;
    agents: number;
    partial: number;
    pending: number;
    coveragePercent: number; // ranked of listed
  } | null;
  quarantines: QuarantineStatus[];
  configProblem: string | null; // vars that are missing or malformed: nothing runs until they are mended
  consecutiveFailures: number; // ticks in a row that did not commit
  unfinishedTicks: number; // in a row, at the same place: they began and never ended
  counters: CounterStatus;
  rowCounts: RowCounts | null; // null = the database did not answer
}

/** Running totals since the object was made, for metrics. */
export interface CounterStatus {
  ticks: Record<string, number>; // by outcome
  calls: Record<string, { ok: number; failed: number; rateLimited: number }>; // by host
  agents: number; // attempted
  agentsFailed: number;
  tickMs: number; // spent in ticks
}

export type TickAnswer =
  | { ok: true; report: TickReport; joined: boolean }
  | { ok: false; reason: "paused" }
  | { ok: false; reason: "too-soon" | "daily-limit"; retryAfterMs: number };
export type AcceptAnswer = { ok: true } | { ok: false; reason: "unknown-id" };

/** The rebuilder's only way in, over the service binding. Every call re-arms a lost or overdue alarm. */
export interface RebuilderApi {
  status(): Promise<RebuilderStatus>;
  /** Runs one tick now, or joins the running one. */
  tick(): Promise<TickAnswer>;
  /** Stops starting ticks; `until` in Unix milliseconds, absent = until resume(). */
  pause(options: { until?: number; reason?: string }): Promise<RebuilderStatus>;
  /** Ends a pause and arms the next tick at once. */
  resume(): Promise<RebuilderStatus>;
  /** Starts a new rotation at the next tick; nothing stored is deleted. */
  reset(): Promise<RebuilderStatus>;
  /** Releases what status names as held, by its id. */
  accept(id: string): Promise<AcceptAnswer>;
  ensureAlarm(): Promise<{ alarmAt: number | null; rearmed: boolean }>;
}
