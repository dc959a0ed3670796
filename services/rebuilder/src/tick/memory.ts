import type { HiroVersion, HostCounts, HostName, HostState, Lane } from "@standings/balances";
import type { TickOutcome, TickReport } from "../contract/status.ts";
import type { FallHold, KeptAnswer } from "../safeguards/falls.ts";
import type { LaneMemory } from "../safeguards/lane-health.ts";
import type { CrashMemory } from "../safeguards/poison.ts";
import type { PriceHold, PriceMemory } from "../safeguards/price-jump.ts";
import type { RosterHold, RosterMemory } from "../safeguards/roster-shrink.ts";

// What outlives a tick. Times are Unix milliseconds.

/** Where a lane stands in its rotation. */
export interface LanePlace {
  rotation: number;
  isOpen: boolean; // false = the rotation has ended, or none has begun
  cursor: string; // the last agent asked; "" = at the start
  processed: number;
  total: number;
  startedAt: number | null;
}

/** Written into the tick's own row of tick_commits: the newest row is the authority. */
export interface Place {
  agents: number; // in the roster
  resets: number; // of those that operators asked for
  stacks: LanePlace;
  bitcoin: LanePlace;
}

export type Hold = FallHold | RosterHold | PriceHold;

/** What the Durable Object remembers from tick to tick. */
export interface State {
  epoch: number; // newest commit known here
  version: number; // newest publication known here: a database that went back in time must not use it again
  place: Place | null; // as of that commit; null = none is known
  lanes: Record<Lane, LaneMemory>;
  kept: Record<Lane, KeptAnswer[]>; // answers that later falls are judged against
  holds: Hold[];
  prices: Record<string, PriceMemory>; // by token id
  priceProblems: Record<string, string>; // by token id: why the newest quotes were not taken
  upstreams: {
    hosts: Partial<Record<HostName, HostState>>;
    counts: Partial<Record<HostName, HostCounts>>; // of the last tick that called the host
    hiro: { version: HiroVersion; since: number | null };
  };
  roster: RosterMemory;
  journal: Journal;
}

export interface Journal {
  startedAt: number | null; // first tick of this rebuild
  ticks: TickReport[]; // newest first
  failedCommits: number; // ticks in a row that did not commit
  interval: { ms: number; reason: string };
  publishing: Publishing;
  committedAt: number | null; // newest commit
  waitingFor: string | null; // why nothing can be published yet
  paceMs: number; // the interval that monthly budgets ask for; 0 = none does
  goodAnswers: number; // since the newest publication
  countedAt: number | null; // when the ages of the lanes were last counted
  degraded: Record<string, number>; // reasons that stand -> since when they were logged
  counters: Counters;
}

export interface Publishing {
  mode: "with-commit" | "apart"; // apart: one with a commit was too slow
  since: number | null; // of that mode
  problem: string | null; // why the newest ranking was not published
  owed: boolean; // a change is committed that no ranking shows yet
}

/** Running totals since the object was made, for metrics. */
export interface Counters {
  ticks: Partial<Record<TickOutcome, number>>; // by outcome
  calls: Partial<Record<HostName, { ok: number; failed: number; rateLimited: number }>>;
  agents: number; // asked
  agentsFailed: number;
  tickMs: number;
}

/** What operators set. Kept apart: a running tick saves the state, and must not undo what they said meanwhile. */
export interface Control {
  paused: { since: number; until: number | null; reason: string | null } | null;
  resets: number; // how often operators asked for a new rotation
  acceptedIds: string[]; // holds that operators let through, newest first
  forced: { day: string; count: number; lastAt: number }; // forced ticks of a day (UTC)
  watchdogRearms: number;
  unwritten: OperatorAction[]; // actions that the database has yet to take into its audit log
}

export interface OperatorAction {
  id: string;
  at: number;
  action: string;
  subject: string | null;
  reason: string | null;
  outcome: string;
}

export interface Memory {
  state: State;
  control: Control;
  crashes: CrashMemory;
}

export const KEPT_TICK_REPORTS = 20;

/** More holds than this never stand at once; accepted ids that end nothing are forgotten. */
export const KEPT_ACCEPTED_IDS = 50;

/** A pause with an end ends by itself. */
export function isPaused({ paused }: Control, nowMs: number): boolean {
  return paused !== null && (paused.until === null || paused.until > nowMs);
}
