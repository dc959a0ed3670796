import { BALANCE_HOSTS, HOST_NAMES, type HostCounts, type HostName, toPaceMs } from "@standings/balances";
import type { TickOutcome, TickReport, TickTrigger } from "../contract/status.ts";
import { type Counters, KEPT_TICK_REPORTS, type RebuildState } from "../rebuild/state.ts";
import { type CommitResult, isFailed } from "./commit.ts";
import type { AgentFetch } from "./fetch.ts";
import { chooseInterval, type Interval, type TickHealth } from "./interval.ts";
import type { Tick, TickDeps } from "./tick.ts";

/** Hiro's v1 needs half the calls of v3: once it was found gone, it is tried again once a day. */
export const RETRY_V1_AFTER_MS = 86_400_000;

/** What is known of a tick when it ends, however it ends. */
export interface Ending {
  state: RebuildState;
  outcome: TickOutcome;
  error?: string;
  planned: number;
  fetches: readonly AgentFetch[];
  commit?: CommitResult;
  version?: number | undefined;
}

export function nextInterval(
  tick: Tick,
  failedCommits: number,
  isFailed: boolean,
  { config, clock }: TickDeps,
): Interval {
  const { states, counts } = tick.hosts.end();
  const all = Object.values(counts);
  const failedCalls = all.reduce((sum, host) => sum + host.failed + host.rateLimited, 0);
  return chooseInterval(
    {
      nowMs: clock.now(),
      calls: all.reduce((sum, host) => sum + host.ok, failedCalls),
      failedCalls,
      blockedHosts: BALANCE_HOSTS.filter((host) => states[host].breaker === "open").map((host) => {
        return { host, notBefore: states[host].notBefore ?? 0 };
      }),
      balanceHosts: BALANCE_HOSTS.length,
      failedCommits: isFailed ? failedCommits : 0,
      pace: toPace(tick, config, clock.now()),
    },
    config,
  );
}

/** The host whose monthly budget asks for the longest interval at this tick's number of calls. */
function toPace({ hosts }: Tick, { monthlyBudgets }: TickDeps["config"], nowMs: number): TickHealth["pace"] {
  const { states, counts } = hosts.end();
  const paces = HOST_NAMES.map((host) => {
    const calls = counts[host].ok + counts[host].failed + counts[host].rateLimited;
    return { host, ms: calls === 0 ? 0 : toPaceMs(states[host].use, monthlyBudgets[host], calls, nowMs) };
  });
  return paces.reduce<TickHealth["pace"]>((longest, pace) => (pace.ms > longest.ms ? pace : longest), {
    ms: 0,
    host: null,
  });
}

export function remember(
  tick: Tick,
  state: RebuildState,
  report: TickReport,
  interval: Interval,
  failedCommits: number,
): RebuildState {
  const { states, counts } = tick.hosts.end();
  const called = Object.entries(counts).filter(([, host]) => host.ok + host.failed + host.rateLimited > 0);
  const { version } = tick.routes;
  const wasTriedAgain = state.hiro.version === "v3" && isV1Due(state, tick.startedAt);
  const since = version === state.hiro.version && !wasTriedAgain ? state.hiro.since : tick.startedAt;
  return {
    ...state,
    hosts: states,
    hostCounts: { ...state.hostCounts, ...Object.fromEntries(called) },
    hiro: { version, since },
    failedCommits,
    interval,
    counters: addToCounters(state.counters, report, counts),
    ticks: [report, ...state.ticks].slice(0, KEPT_TICK_REPORTS),
  };
}

function addToCounters(counters: Counters, report: TickReport, counts: Record<HostName, HostCounts>): Counters {
  const calls = Object.entries(counts).map(([host, { ok, failed, rateLimited }]) => {
    const before = counters.calls[host as HostName] ?? { ok: 0, failed: 0, rateLimited: 0 };
    const after = {
      ok: before.ok + ok,
      failed: before.failed + failed,
      rateLimited: before.rateLimited + rateLimited,
    };
    return [host, after] as const;
  });
  return {
    ticks: { ...counters.ticks, [report.outcome]: (counters.ticks[report.outcome] ?? 0) + 1 },
    calls: Object.fromEntries(calls),
    agents: counters.agents + report.agents,
    agentsFailed: counters.agentsFailed + report.failed,
    tickMs: counters.tickMs + report.durationMs,
  };
}

export function isV1Due({ hiro }: RebuildState, nowMs: number): boolean {
  return hiro.version === "v3" && hiro.since !== null && nowMs - hiro.since >= RETRY_V1_AFTER_MS;
}

export function toReport(
  tick: Tick,
  cursorBefore: string,
  ending: Ending,
  interval: Interval,
  nowMs: number,
): TickReport {
  const { state, commit, fetches } = ending;
  const counts = Object.values(tick.hosts.end().counts);
  const failedCalls = counts.reduce((sum, host) => sum + host.failed + host.rateLimited, 0);
  const isCommitted = ending.outcome === "committed";
  return {
    tickId: tick.id,
    trigger: tick.trigger,
    startedAt: tick.startedAt,
    durationMs: nowMs - tick.startedAt,
    rotation: state.rotation.number,
    epoch: isCommitted ? state.epoch : null,
    version: ending.version ?? null,
    agents: fetches.length,
    failed: fetches.filter(isFailed).length,
    notAttempted: ending.planned - fetches.length,
    calls: counts.reduce((sum, host) => sum + host.ok, failedCalls),
    failedCalls,
    subrequests: tick.budget.used,
    rowsRead: commit?.rowsRead ?? 0,
    rowsWritten: commit?.rowsWritten ?? 0,
    cursorBefore,
    cursorAfter: state.cursor,
    outcome: ending.outcome,
    error: ending.error ?? null,
    notes: commit?.notes ?? [],
    nextIntervalMs: interval.ms,
  };
}

/** The report of a tick that did not live to write its own. */
export function toLostReport(
  lost: { trigger: TickTrigger; startedAt: number; outcome: TickOutcome; error: string; nowMs: number },
  { rotation, cursor, interval }: RebuildState,
): TickReport {
  return {
    tickId: "unknown",
    trigger: lost.trigger,
    startedAt: lost.startedAt,
    durationMs: lost.nowMs - lost.startedAt,
    rotation: rotation.number,
    epoch: null,
    version: null,
    agents: 0,
    failed: 0,
    notAttempted: 0,
    calls: 0,
    failedCalls: 0,
    subrequests: 0,
    rowsRead: 0,
    rowsWritten: 0,
    cursorBefore: cursor,
    cursorAfter: cursor,
    outcome: lost.outcome,
    error: lost.error,
    notes: [],
    nextIntervalMs: interval.ms,
  };
}
