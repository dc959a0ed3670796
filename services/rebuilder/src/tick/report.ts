import { BALANCE_HOSTS, type HostCounts, LANES, type Lane, toBudgetHost, toPaceMs } from "@standings/balances";
import type { LaneReport, TickOutcome, TickReport, TickTrigger } from "../contract/status.ts";
import type { LaneMemory } from "../safeguards/lane-health.ts";
import { LANE_HOSTS, toTicks } from "./chunk.ts";
import type { CommitResult } from "./commit.ts";
import { type Answers, countAgents } from "./fetch.ts";
import type { Interval, TickHealth } from "./interval.ts";
import type { State } from "./memory.ts";
import type { Plan } from "./plan.ts";
import type { Tick } from "./tick.ts";

/** How well the tick's upstreams are, for the interval until the next. */
export function toHealth(
  tick: Tick,
  known: { lanes: Record<Lane, LaneMemory>; agents: number; chunkSize: number; failedCommits: number },
): TickHealth {
  const { counts } = tick.gates.end();
  const resting = LANES.filter((lane) => known.lanes[lane].health === "resting").map((lane) => LANE_HOSTS[lane]);
  // Prices and witnesses never slow a lane down: on a small board their failures would be a large share.
  const judged = BALANCE_HOSTS.filter((host) => !resting.some((one) => one === host)).map((host) => counts[host]);
  const lane = (name: Lane) => ({
    health: known.lanes[name].health,
    opensAt: tick.gates.opensAt(LANE_HOSTS[name]),
  });
  return {
    nowMs: tick.now(),
    calls: judged.reduce((sum, host) => sum + toCalls(host), 0),
    failedCalls: judged.reduce((sum, host) => sum + host.failed + host.rateLimited, 0),
    lanes: { stacks: lane("stacks"), bitcoin: lane("bitcoin") },
    failedCommits: known.failedCommits,
    ticksOfRotation: toTicks(known.agents, known.chunkSize),
    pace: toPace(tick),
  };
}

/** The balance host whose monthly budget asks for the longest interval at this tick's number of calls. */
function toPace({ gates, deps, now }: Tick): TickHealth["pace"] {
  const { states, counts } = gates.end();
  const paces = BALANCE_HOSTS.map((host) => {
    const payer = toBudgetHost(host);
    const calls = toCalls(counts[host]);
    const ms = calls === 0 ? 0 : toPaceMs(states[payer].use, deps.config.monthlyBudgets[payer], calls, now());
    return { host, ms };
  });
  return paces.reduce<TickHealth["pace"]>((longest, pace) => (pace.ms > longest.ms ? pace : longest), {
    ms: 0,
    host: null,
  });
}

function toCalls({ ok, failed, rateLimited }: HostCounts): number {
  return ok + failed + rateLimited;
}

export interface ReportInput {
  plan: Plan | undefined; // undefined = the plan itself failed
  answers: Answers | undefined;
  result: Pick<CommitResult, "outcome" | "error" | "notes" | "epoch" | "place" | "rowsRead" | "rowsWritten">;
  version: number | null;
  interval: Interval;
}

export function toReport(tick: Tick, input: ReportInput): TickReport {
  const { plan, answers, result, version, interval } = input;
  const counts = Object.values(tick.gates.end().counts);
  const planned = plan ? LANES.flatMap((lane) => plan.lanes[lane].agents.map((agent) => agent.stxAddress)) : [];
  const { asked, failed } = answers ? countAgents(answers) : { asked: 0, failed: 0 };
  const lane = (name: Lane): LaneReport => toLaneReport(name, input);
  return {
    tickId: tick.id,
    trigger: tick.trigger,
    startedAt: tick.startedAt,
    durationMs: Math.max(0, tick.now() - tick.startedAt),
    epoch: result.epoch,
    version,
    agents: asked,
    failed,
    notAttempted: new Set(planned).size - asked,
    lanes: { stacks: lane("stacks"), bitcoin: lane("bitcoin") },
    calls: counts.reduce((sum, host) => sum + toCalls(host), 0),
    failedCalls: counts.reduce((sum, host) => sum + host.failed + host.rateLimited, 0),
    subrequests: tick.budget.used,
    rowsRead: result.rowsRead,
    rowsWritten: result.rowsWritten,
    outcome: result.outcome,
    error: result.error,
    notes: [...result.notes, ...toLaneNotes(answers)],
    nextIntervalMs: interval.ms,
  };
}

function toLaneReport(lane: Lane, { plan, answers, result }: ReportInput): LaneReport {
  const asked = answers?.lanes[lane].asked ?? [];
  return {
    rotation: plan?.lanes[lane].place.rotation ?? 0,
    asked: asked.length,
    failed: asked.filter(({ attempt }) => attempt.kind === "failed").length,
    cursorBefore: plan?.lanes[lane].place.cursor ?? "",
    cursorAfter: result.place[lane].cursor,
  };
}

function toLaneNotes(answers: Answers | undefined): string[] {
  if (!answers) return [];
  return LANES.flatMap((lane) => {
    const { stoppedBy } = answers.lanes[lane];
    return stoppedBy === null ? [] : `the ${lane} lane stopped: ${stoppedBy}`;
  });
}

/** The report of a tick that did not live to write its own. */
export function toLostReport(
  lost: { trigger: TickTrigger; startedAt: number; outcome: TickOutcome; error: string; nowMs: number },
  { place, journal }: State,
): TickReport {
  const lane = (name: Lane): LaneReport => {
    const { rotation, cursor } = place?.[name] ?? { rotation: 0, cursor: "" };
    return { rotation, asked: 0, failed: 0, cursorBefore: cursor, cursorAfter: cursor };
  };
  return {
    tickId: "unknown",
    trigger: lost.trigger,
    startedAt: lost.startedAt,
    durationMs: Math.max(0, lost.nowMs - lost.startedAt),
    epoch: null,
    version: null,
    agents: 0,
    failed: 0,
    notAttempted: 0,
    lanes: { stacks: lane("stacks"), bitcoin: lane("bitcoin") },
    calls: 0,
    failedCalls: 0,
    subrequests: 0,
    rowsRead: 0,
    rowsWritten: 0,
    outcome: lost.outcome,
    error: lost.error,
    notes: [],
    nextIntervalMs: journal.interval.ms,
  };
}
