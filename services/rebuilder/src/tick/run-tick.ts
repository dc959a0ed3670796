import type { TickReport, TickTrigger } from "../contract/status.ts";
import { commitTurn } from "./commit.ts";
import { askWitnesses, fetchTurn } from "./fetch.ts";
import { toAlarmTime } from "./interval.ts";
import { findWitnesses, judge } from "./judge.ts";
import { assertNotGivenUp, inLock } from "./lock.ts";
import { toNextState } from "./next-state.ts";
import { type Plan, planTick } from "./plan.ts";
import { toReport } from "./report.ts";
import { beginTick, type TickDeps } from "./tick.ts";
import { toInterval, toTurn } from "./turn.ts";
import { endUnplanned } from "./unplanned.ts";

/** One tick: plan, fetch and judge outside the lock, commit inside it, re-arm. Throws only on a bug. */
export async function runTick(trigger: TickTrigger, deps: TickDeps): Promise<TickReport> {
  const memory = await deps.memory.load();
  const tick = beginTick(trigger, memory, deps);
  let plan: Plan;
  try {
    plan = await planTick(tick, memory);
  } catch (error) {
    return inLock(deps, () => endUnplanned(tick, memory, error));
  }
  const answers = await fetchTurn(tick, plan);
  const testimony = await askWitnesses(tick, findWitnesses(answers, plan, memory, deps.random));
  const verdict = judge(answers, testimony, plan, memory, { nowMs: tick.now(), newId: deps.newId });
  return inLock(deps, async () => {
    const turn = toTurn(tick, { plan, answers, verdict, memory });
    const result = await commitTurn(tick, turn.commit);
    const interval = toInterval(tick, memory, { plan, answers, isCommitted: result.error === null });
    const version = result.hasPublished ? (turn.commit.publication?.version ?? null) : null;
    const report = toReport(tick, { plan, answers, result, version, interval });
    assertNotGivenUp(deps.givenUp);
    const next = toNextState(memory, tick, { plan, answers, verdict, turn, result, interval, report, version });
    await deps.memory.save(next, toAlarmTime(tick.startedAt, interval.ms, tick.now()));
    return report;
  });
}
