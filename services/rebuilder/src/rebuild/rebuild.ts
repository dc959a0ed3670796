import type { RebuilderApi, TickAnswer } from "../contract/rpc.ts";
import type { RebuilderStatus, TickReport, TickTrigger } from "../contract/status.ts";
import { toAlarmTime } from "../tick/interval.ts";
import { isPaused } from "../tick/memory.ts";
import { describeError } from "../tick/tick.ts";
import { createAuditLog } from "./audit-log.ts";
import { getIntervals, type RebuildDeps } from "./deps.ts";
import { createMemory } from "./memory.ts";
import { restWhilePaused, runOneTick } from "./one-tick.ts";
import { createOperator } from "./operator.ts";
import { toStatus } from "./to-status.ts";
import { ensureAlarm } from "./watchdog.ts";

export interface Rebuild extends RebuilderApi {
  alarm(): Promise<void>;
}

/** The rebuild of the board: ticks one at a time, each ended with an alarm ahead, and what operators may do. */
export function createRebuild(deps: RebuildDeps): Rebuild {
  const ticks = createTicks(deps);
  const { memory, operator } = ticks;
  const status = async (): Promise<RebuilderStatus> => {
    await ticks.ensure();
    const [loaded, alarmAt, database] = await Promise.all([
      memory.load(),
      deps.storage.getAlarm(),
      deps.readDatabaseStatus(),
    ]);
    return toStatus({ ...loaded, deps, alarmAt, isRunning: ticks.isRunning() }, database);
  };
  return {
    alarm: ticks.alarm,
    tick: (options = {}) => ticks.force(() => operator.allowTick(options)),
    status,
    ensureAlarm: ticks.ensure,
    async pause(options) {
      await operator.pause(options);
      return status();
    },
    async resume(options = {}) {
      await operator.resume(options);
      return status();
    },
    async reset(options = {}) {
      await operator.reset(options);
      return status();
    },
    async accept(id, options = {}) {
      await ticks.ensure();
      return operator.accept(id, options);
    },
  };
}

/** Ticks, whoever asks for them: one at a time, and never without an alarm behind them. */
function createTicks(deps: RebuildDeps) {
  const { clock, storage, log } = deps;
  const memory = createMemory(storage);
  const audit = createAuditLog(deps, memory);
  const operator = createOperator(deps, memory, audit);
  let running: Promise<TickReport> | undefined;

  /** Whoever comes while a tick is running joins it. */
  const tick = (trigger: TickTrigger): Promise<TickReport> => {
    running ??= runOneTick(trigger, deps, memory, audit).finally(() => {
      running = undefined;
    });
    return running;
  };
  const rearmAfterFailure = () => {
    const nowMs = clock.now();
    return storage.setAlarm(toAlarmTime(nowMs, getIntervals(deps).idleMs, nowMs));
  };
  const ensure = () => ensureAlarm(deps, memory, running !== undefined);
  const refusePaused = async (): Promise<TickAnswer> => {
    await ensure();
    return { ok: false, reason: "paused" };
  };

  const alarm = async (): Promise<void> => {
    try {
      if (isPaused(await memory.getControl(), clock.now())) await restWhilePaused(deps, memory, audit);
      else await tick("alarm");
    } catch (error) {
      // An alarm that keeps throwing is dropped by the platform for good after its seventh try.
      log("error", "tick.failed", { error: describeError(error) });
      await rearmAfterFailure().catch((failure: unknown) => {
        log("error", "alarm.unset", { error: describeError(failure) }); // the crons set it again
      });
    }
  };

  const force = async (allow: () => Promise<Exclude<TickAnswer, { ok: true }> | undefined>): Promise<TickAnswer> => {
    if (isPaused(await memory.getControl(), clock.now())) return refusePaused();
    const refusal = running === undefined ? await allow() : undefined;
    if (refusal) return refusal;
    // An operator may have paused while this one was written down.
    if (running === undefined && isPaused(await memory.getControl(), clock.now())) return refusePaused();
    const joined = running !== undefined; // one may have begun while this one was written down
    try {
      return { ok: true, report: await tick("forced"), joined };
    } catch (error) {
      log("error", "tick.failed", { error: describeError(error) });
      await rearmAfterFailure();
      const report = (await memory.load()).state.journal.ticks[0];
      if (!report) throw error;
      return { ok: true, report, joined };
    }
  };
  return { memory, operator, alarm, force, ensure, isRunning: () => running !== undefined };
}
