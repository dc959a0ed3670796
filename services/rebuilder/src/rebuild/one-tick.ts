import type { TickReport, TickTrigger } from "../contract/status.ts";
import { beginAttempt } from "../safeguards/poison.ts";
import { DeadlineError, withDeadline } from "../tick/deadline.ts";
import { toAlarmTime } from "../tick/interval.ts";
import { type Hold, KEPT_TICK_REPORTS } from "../tick/memory.ts";
import { publishApart } from "../tick/publish-apart.ts";
import { toLostReport } from "../tick/report.ts";
import { runTick } from "../tick/run-tick.ts";
import { describeError } from "../tick/tick.ts";
import type { AuditLog } from "./audit-log.ts";
import { getIntervals, type RebuildDeps } from "./deps.ts";
import type { ObjectMemory } from "./memory.ts";
import { tellFreshness, tellHolds } from "./telling.ts";
import { judgeNow } from "./to-status.ts";

/** Spans a whole tick, plan included: past it the tick is given up, so that a hung await cannot swallow later ones. */
export const TICK_DEADLINE_MS = 150_000;

/** No tick while an operator says so; the alarm stays armed, so that the end of the pause cannot be lost. */
export async function restWhilePaused(deps: RebuildDeps, memory: ObjectMemory, audit: AuditLog): Promise<void> {
  const nowMs = deps.clock.now();
  const { paused } = await memory.getControl();
  const untilMs = (paused?.until ?? Number.POSITIVE_INFINITY) - nowMs;
  await deps.storage.setAlarm(toAlarmTime(nowMs, Math.min(untilMs, getIntervals(deps).idleMs), nowMs));
  await audit.flush();
  await tellAll(deps, memory);
}

export async function runOneTick(
  trigger: TickTrigger,
  deps: RebuildDeps,
  memory: ObjectMemory,
  audit: AuditLog,
): Promise<TickReport> {
  const { storage, clock, log } = deps;
  const startedAt = clock.now();
  const givenUp = new AbortController();
  const recorded = audit.countRecorded();
  try {
    await storage.setAlarm(toAlarmTime(startedAt, getIntervals(deps).watchdogMs, startedAt));
    const config = deps.getConfig();
    const { state, crashes, problems } = await memory.load();
    if (problems.length > 0) {
      log("error", "memory.unreadable", { fields: problems });
      await memory.setControl({}); // made whole; the rest is written by the tick itself
    }
    const place = `${state.place?.stacks.cursor ?? ""} ${state.place?.bitcoin.cursor ?? ""}`;
    await memory.setCrashes(beginAttempt(crashes, place, startedAt));
    const tick = runTick(trigger, { ...deps, config, memory, givenUp: givenUp.signal });
    const report = await withDeadline(clock, "the tick", TICK_DEADLINE_MS, tick);
    log(report.error === null ? "info" : "warn", "tick.ended", { ...report });
    await afterTick(report, { holds: state.holds, recorded }, deps, memory, audit);
    return report;
  } catch (error) {
    givenUp.abort();
    const outcome = error instanceof DeadlineError ? "given-up" : "failed";
    await rememberLost({ trigger, startedAt, outcome, error: describeError(error), nowMs: clock.now() }, memory);
    throw error;
  }
}

/** What follows a tick that has ended well or badly: nothing of it can make the tick a failed one. */
async function afterTick(
  report: TickReport,
  before: { holds: readonly Hold[]; recorded: number },
  deps: RebuildDeps,
  memory: ObjectMemory,
  audit: AuditLog,
): Promise<void> {
  try {
    tellHolds(before.holds, (await memory.load()).state.holds, deps.log);
    beat(report, deps);
    await publishIfOwed(deps, memory);
    // The facts that the tick wrote are from before what an operator did while it ran.
    if (audit.countRecorded() !== before.recorded || (await audit.hasUnwritten())) await audit.flush();
    await tellAll(deps, memory);
  } catch (error) {
    deps.log("error", "tick.aftermath-failed", { error: describeError(error) });
  }
}

/** A ranking that a commit was too slow with: one at a time, after the tick, with the alarm set already. */
async function publishIfOwed(deps: RebuildDeps, memory: ObjectMemory): Promise<void> {
  const loaded = await memory.load();
  const { mode, owed } = loaded.state.journal.publishing;
  if (mode !== "apart" || !owed || loaded.state.journal.failedCommits > 0) return;
  const next = await publishApart(loaded, { ...deps, config: deps.getConfig() });
  await memory.setState(next);
  const { problem } = next.journal.publishing;
  deps.log(problem === null ? "info" : "warn", "publication.ended", { version: next.version, problem });
}

/** Says what began and what ended of the reasons to call the board degraded. */
async function tellAll(deps: RebuildDeps, memory: ObjectMemory): Promise<void> {
  const newest = await deps.readNewest();
  const loaded = await memory.load();
  const nowMs = deps.clock.now();
  const { degraded } = loaded.state.journal;
  const freshness = judgeNow(loaded, deps, newest);
  const next = tellFreshness(degraded, freshness, nowMs, deps.log);
  if (Object.keys(next).join() === Object.keys(degraded).join()) return;
  await memory.setState({ ...loaded.state, journal: { ...loaded.state.journal, degraded: next } });
}

/** Whoever watches from outside hears of ticks that brought news of both chains. Not awaited: it must hold up nothing. */
function beat(report: TickReport, { sendHeartbeat, log }: RebuildDeps): void {
  const { stacks, bitcoin } = report.lanes;
  const hasBoth = stacks.asked > stacks.failed && bitcoin.asked > bitcoin.failed;
  if (report.outcome !== "committed" || !hasBoth) return;
  sendHeartbeat().catch((error: unknown) => log("warn", "heartbeat.failed", { error: describeError(error) }));
}

async function rememberLost(lost: Parameters<typeof toLostReport>[0], memory: ObjectMemory): Promise<void> {
  const { state } = await memory.load();
  const { journal } = state;
  const ticks = [toLostReport(lost, state), ...journal.ticks].slice(0, KEPT_TICK_REPORTS);
  const counted = { ...journal.counters.ticks, [lost.outcome]: (journal.counters.ticks[lost.outcome] ?? 0) + 1 };
  const counters = { ...journal.counters, ticks: counted };
  await memory.setState({
    ...state,
    journal: { ...journal, ticks, counters, failedCommits: journal.failedCommits + 1 },
  });
}
