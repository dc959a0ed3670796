import type { HostName } from "@standings/balances";

/** An alarm set to a past time can stall for ever (workerd issue 6866). */
export const MIN_ALARM_AHEAD_MS = 1_000;

/** Past this share of failed calls the upstreams are not healthy. */
export const MAX_FAILED_SHARE = 0.2;

/** A database that failed once may have blinked: the tick after it comes at the ordinary interval. */
const FAILED_COMMITS_TO_SLOW_DOWN = 2;

/** Readers call the board stale after three rotations without a publication, and never sooner than this. */
const MIN_STALE_AFTER_MS = 30 * 60_000;
const STALE_AFTER_ROTATIONS = 3;

export interface TickHealth {
  nowMs: number;
  calls: number;
  failedCalls: number;
  /** Balance hosts that are blocked, and until when. */
  blockedHosts: { host: HostName; notBefore: number }[];
  balanceHosts: number;
  failedCommits: number; // in a row, this tick included
  /** The interval at which a host's monthly budget lasts, the longest of all hosts; 0 = no need to wait. */
  pace: { ms: number; host: HostName | null };
}

export interface Interval {
  ms: number;
  reason: string;
}

/** How long until the next tick, and why: sooner while upstreams are healthy, later while they fail or budgets run low. */
export function chooseInterval(health: TickHealth, intervals: { activeMs: number; idleMs: number }): Interval {
  const interval = chooseByHealth(health, intervals);
  const { pace } = health;
  if (pace.ms <= interval.ms) return interval;
  return { ms: pace.ms, reason: `the monthly budget of ${pace.host} lasts only at this interval` };
}

function chooseByHealth(health: TickHealth, { activeMs, idleMs }: { activeMs: number; idleMs: number }): Interval {
  const { blockedHosts, calls, failedCalls, failedCommits, nowMs } = health;
  if (blockedHosts.length > 0 && blockedHosts.length === health.balanceHosts) {
    const waitMs = Math.min(...blockedHosts.map((host) => host.notBefore)) - nowMs;
    return { ms: Math.max(idleMs, waitMs), reason: `every balance host is blocked: ${names(blockedHosts)}` };
  }
  if (blockedHosts.length > 0) return { ms: idleMs, reason: `${names(blockedHosts)} is blocked` };
  if (failedCommits >= FAILED_COMMITS_TO_SLOW_DOWN) {
    return { ms: idleMs, reason: `${failedCommits} ticks in a row were not committed` };
  }
  if (calls > 0 && failedCalls / calls > MAX_FAILED_SHARE) {
    return { ms: idleMs, reason: `${failedCalls} of ${calls} upstream calls failed` };
  }
  return { ms: activeMs, reason: "upstreams are healthy" };
}

function names(hosts: TickHealth["blockedHosts"]): string {
  return hosts.map(({ host }) => host).join(", ");
}

/** When the next alarm is due: always at least a second ahead. */
export function toAlarmTime(nowMs: number, intervalMs: number): number {
  const delayMs = Number.isFinite(intervalMs) ? intervalMs : MIN_ALARM_AHEAD_MS;
  return nowMs + Math.max(MIN_ALARM_AHEAD_MS, Math.round(delayMs));
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

/** When a ranking published now is to be called stale. */
export function toStaleAfter(
  publishedAt: number,
  { agents, chunkSize, intervalMs }: { agents: number; chunkSize: number; intervalMs: number },
): number {
  const rotationMs = Math.ceil(agents / chunkSize) * intervalMs;
  return publishedAt + Math.max(MIN_STALE_AFTER_MS, STALE_AFTER_ROTATIONS * rotationMs);
}
