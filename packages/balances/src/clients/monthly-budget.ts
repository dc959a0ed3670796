/** Calls to a host in a calendar month (UTC), as plans count them. */
export interface MonthlyUse {
  month: string; // "2026-11"
  calls: number;
}

function toMonth(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 7);
}

/** When the month after `nowMs` begins, Unix milliseconds. */
export function toNextMonthAt(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
}

/** The use as of now: a new month starts from nothing. */
export function toUseNow(use: MonthlyUse | null, nowMs: number): MonthlyUse {
  const month = toMonth(nowMs);
  return use?.month === month ? use : { month, calls: 0 };
}

/** Calls left of a monthly budget; a budget of 0 has no end. */
export function toCallsLeft(use: MonthlyUse | null, budget: number, nowMs: number): number {
  return budget === 0 ? Number.POSITIVE_INFINITY : Math.max(0, budget - toUseNow(use, nowMs).calls);
}

/** The interval between ticks at which what is left of the budget lasts until the month ends; 0 = no need to wait. */
export function toPaceMs(use: MonthlyUse | null, budget: number, callsPerTick: number, nowMs: number): number {
  const msLeft = toNextMonthAt(nowMs) - nowMs;
  const left = toCallsLeft(use, budget, nowMs);
  if (left === Number.POSITIVE_INFINITY) return 0;
  return left < callsPerTick ? msLeft : Math.ceil((callsPerTick * msLeft) / left);
}

/** When the budget runs out at this rate, or null when it lasts until the month ends. */
export function toRunOutAt(
  use: MonthlyUse | null,
  budget: number,
  rate: { callsPerTick: number; intervalMs: number },
  nowMs: number,
): number | null {
  const left = toCallsLeft(use, budget, nowMs);
  if (left === 0) return nowMs;
  if (left === Number.POSITIVE_INFINITY || rate.callsPerTick === 0) return null;
  const at = nowMs + (left / rate.callsPerTick) * rate.intervalMs;
  return at < toNextMonthAt(nowMs) ? Math.round(at) : null;
}

/** A host may run ahead of its pace by this many calls, so that a month's first minutes are no drought. */
const PACE_HEAD_START_CALLS = 10;

/** Whether more of the budget is used than the month has passed: what can be skipped is, until time has caught up. */
export function isOverPace(use: MonthlyUse | null, budget: number, nowMs: number): boolean {
  if (budget === 0) return false;
  const now = new Date(nowMs);
  const startMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  const passed = (nowMs - startMs) / (toNextMonthAt(nowMs) - startMs);
  return toUseNow(use, nowMs).calls >= budget * passed + PACE_HEAD_START_CALLS;
}
