import { LANES, type Lane } from "@standings/balances";
import type { LaneHealth } from "../contract/freshness.ts";

/** An alarm set to a past time can stall for ever (workerd issue 6866). */
export const MIN_ALARM_AHEAD_MS = 1_000;

/** Past this share of failed calls the upstreams are not healthy. */
const MAX_FAILED_SHARE = 0.2;

/** However large the roster, upstreams get a breath between two ticks. */
export const MIN_ROTATION_INTERVAL_MS = 30_000;

/** A database that failed once may have blinked: the tick after it comes at the ordinary interval. */
const FAILED_COMMITS_TO_SLOW_DOWN = 2;

export interface TickHealth {
  nowMs: number;
  calls: number; // for balances, without those of a resting lane, whose failures say nothing about the rest
  failedCalls: number;
  lanes: Record<Lane, { health: LaneHealth; opensAt: number | null }>; // opensAt: of its host's closed gate
  failedCommits: number; // in a row, this tick included
  ticksOfRotation: number;
  /** The interval at which a balance host's monthly budget lasts, the longest of all; 0 = no need to wait. */
  pace: { ms: number; host: string | null };
}

export interface Interval {
  ms: number; // from the tick's start
  reason: string;
}

interface Intervals {
  activeMs: number;
  idleMs: number;
  rotationTargetMs: number;
}

/** How long until the next tick, and why: sooner while upstreams are healthy, later while they fail or budgets run low. */
export function chooseInterval(health: TickHealth, intervals: Intervals): Interval {
  const interval = chooseByHealth(health, intervals);
  const { pace } = health;
  if (pace.ms <= interval.ms) return interval;
  return { ms: pace.ms, reason: `the monthly budget of ${pace.host} lasts only at this interval` };
}

/** The interval of healthy upstreams: a rotation is to end within its target. */
export function toHealthyMs(ticksOfRotation: number, { activeMs, rotationTargetMs }: Intervals): number {
  return Math.min(activeMs, Math.max(MIN_ROTATION_INTERVAL_MS, Math.floor(rotationTargetMs / ticksOfRotation)));
}

function chooseByHealth(health: TickHealth, intervals: Intervals): Interval {
  const { calls, failedCalls, failedCommits, nowMs, lanes } = health;
  const { idleMs } = intervals;
  const idle = LANES.filter((lane) => lanes[lane].health === "resting" || lanes[lane].opensAt !== null);
  if (idle.length === LANES.length) {
    const opensAt = LANES.map((lane) => lanes[lane].opensAt ?? nowMs + idleMs);
    return { ms: Math.max(idleMs, Math.min(...opensAt) - nowMs), reason: `neither lane can ask: ${describe(health)}` };
  }
  if (failedCommits >= FAILED_COMMITS_TO_SLOW_DOWN) {
    return { ms: idleMs, reason: `${failedCommits} ticks in a row were not committed` };
  }
  if (calls > 0 && failedCalls / calls > MAX_FAILED_SHARE) {
    return { ms: idleMs, reason: `${failedCalls} of ${calls} upstream calls failed` };
  }
  const reason = idle.length === 0 ? "upstreams are healthy" : `${describe(health)}; the other lane goes on`;
  return { ms: toHealthyMs(health.ticksOfRotation, intervals), reason };
}

function describe({ lanes }: TickHealth): string {
  return LANES.flatMap((lane) => {
    const { health, opensAt } = lanes[lane];
    if (health === "resting") return `${lane} rests`;
    return opensAt === null ? [] : `${lane} waits for its host's gate`;
  }).join(", ");
}

/** When the next alarm is due: counted from the tick's start, always at least a second ahead of now. */
export function toAlarmTime(startedAt: number, intervalMs: number, nowMs: number): number {
  const delayMs = Number.isFinite(intervalMs) ? intervalMs : MIN_ALARM_AHEAD_MS;
  return Math.max(nowMs + MIN_ALARM_AHEAD_MS, startedAt + Math.round(delayMs));
}

/**
 * Lost, or past by more than the watchdog: a past alarm that never fires is as lost as none. So is one further ahead than
 * any interval, which a clock that was set back leaves behind.
 */
export function isAlarmLost(
  alarmAt: number | null,
  nowMs: number,
  { watchdogMs, longestMs }: { watchdogMs: number; longestMs: number },
): boolean {
  return alarmAt === null || alarmAt < nowMs - watchdogMs || alarmAt > nowMs + longestMs + watchdogMs;
}
