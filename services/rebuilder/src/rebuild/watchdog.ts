import { isAlarmLost, toAlarmTime } from "../tick/interval.ts";
import { getIntervals, type RebuildDeps } from "./deps.ts";
import type { ObjectMemory } from "./memory.ts";

/** Sets a lost, overdue or far-off alarm again: whoever calls the rebuild, and both crons, come through here. */
export async function ensureAlarm(
  deps: RebuildDeps,
  memory: ObjectMemory,
  isRunning: boolean,
): Promise<{ alarmAt: number | null; rearmed: boolean }> {
  const { storage, clock, log } = deps;
  const alarmAt = await storage.getAlarm();
  const { idleMs, watchdogMs } = getIntervals(deps);
  const { state, control } = await memory.load();
  const longestMs = Math.max(idleMs, state.journal.interval.ms);
  const isLost = isAlarmLost(alarmAt, clock.now(), { watchdogMs, longestMs });
  if (isRunning || !isLost) return { alarmAt, rearmed: false };
  const armedAt = toAlarmTime(clock.now(), 0, clock.now());
  await storage.setAlarm(armedAt);
  await memory.setControl({ watchdogRearms: control.watchdogRearms + 1 });
  log("warn", "alarm.rearmed", { was: alarmAt, alarmAt: armedAt });
  return { alarmAt: armedAt, rearmed: true };
}
