import type { Clock } from "../clock.ts";
import {
  type BudgetHost,
  HOST_NAMES,
  type HostCounts,
  type HostName,
  type HostState,
  NEW_HOST,
  PRICE_HOSTS,
  toAlsoClosed,
  toBudgetHost,
} from "./hosts.ts";
import { isOverPace, toCallsLeft, toNextMonthAt, toUseNow } from "./monthly-budget.ts";
import { MAX_RETRY_AFTER_MS, toNotBefore } from "./retry-after.ts";

/** A failure is forgotten after so many good answers, or after an hour: long enough to be seen, short enough to be news. */
export const GOOD_ANSWERS_TO_FORGET = 100;
export const FORGET_ERROR_AFTER_MS = 3_600_000;

/**
 * The gates of the hosts during one tick: who may be called. They know only what hosts say (429, Retry-After) and what
 * monthly budgets leave; whether a host is well is for those who need its answers to judge.
 */
export interface Gates {
  /** Whether a call may start; counts it. */
  admit(host: HostName): boolean;
  recordSuccess(host: HostName, latencyMs: number, headers: Headers): void;
  recordRateLimit(host: HostName, latencyMs: number, headers: Headers): void;
  recordFailure(host: HostName, latencyMs: number, what: string): void;
  isClosed(host: HostName): boolean;
  /** When a closed gate opens, Unix milliseconds; null = it is open. */
  opensAt(host: HostName): number | null;
  /** The states to remember, and the counts of this tick. */
  end(): { states: Record<HostName, HostState>; counts: Record<HostName, HostCounts> };
}

export interface GatesOptions {
  states: Partial<Record<HostName, HostState>>;
  clock: Clock;
  /** How long a host that said 429 without a time is left alone: until the next slow tick. */
  closedMs: number;
  /** Calls a calendar month, 0 = without end. */
  monthlyBudgets: Record<BudgetHost, number>;
}

/** What the status says of a host whose plan is used up. */
const BUDGET_SPENT = "the monthly budget is spent";

const QUOTA_HEADER = /^(?:x-)?ratelimit-/;
const MAX_QUOTA_HEADERS = 16; // what Hiro sends at most, and a bound on what a strange host can make us store
const MAX_HEADER_LENGTH = 200;

export function createGates({ states, clock, closedMs, monthlyBudgets }: GatesOptions): Gates {
  const current = {} as Record<HostName, HostState>;
  const counts = {} as Record<HostName, HostCounts>;
  for (const host of HOST_NAMES) {
    current[host] = forget(states[host] ?? NEW_HOST, clock.now());
    counts[host] = { ok: 0, failed: 0, rateLimited: 0, latenciesMs: [] };
  }
  const change = (host: HostName, changes: Partial<HostState>) => {
    current[host] = { ...current[host], ...changes };
  };
  const close = (host: HostName, notBefore: number, what: string) => {
    const later = Math.max(current[host].notBefore ?? 0, notBefore);
    change(host, { notBefore: later, lastError: { what, at: clock.now(), goodSince: 0 } });
  };
  // Not remembered as a gate: a budget that an operator raises counts at once.
  const isSpent = (host: HostName) => {
    const payer = toBudgetHost(host);
    return toCallsLeft(current[payer].use, monthlyBudgets[payer], clock.now()) < 1;
  };
  const opensAt = (host: HostName) => {
    if (isSpent(host)) return toNextMonthAt(clock.now());
    const { notBefore } = current[host];
    return notBefore !== null && notBefore > clock.now() ? notBefore : null;
  };
  return {
    admit(host) {
      const nowMs = clock.now();
      if (isSpent(host)) {
        change(host, { lastError: { what: BUDGET_SPENT, at: nowMs, goodSince: 0 } });
        return false;
      }
      if (opensAt(host) !== null) return false;
      const payer = toBudgetHost(host);
      if (PRICE_HOSTS.includes(host) && isOverPace(current[payer].use, monthlyBudgets[payer], nowMs)) return false;
      const use = toUseNow(current[payer].use, nowMs);
      change(payer, { use: { ...use, calls: use.calls + 1 } });
      return true;
    },
    recordSuccess(host, latencyMs, headers) {
      counts[host].ok++;
      counts[host].latenciesMs.push(latencyMs);
      const { lastError } = current[host];
      change(host, toHeaders(current[host], headers));
      if (lastError) change(host, { lastError: { ...lastError, goodSince: lastError.goodSince + 1 } });
    },
    recordRateLimit(host, latencyMs, headers) {
      counts[host].rateLimited++;
      counts[host].latenciesMs.push(latencyMs);
      change(host, toHeaders(current[host], headers));
      const notBefore = toNotBefore(headers, clock.now(), closedMs);
      for (const one of [host, ...toAlsoClosed(host)]) close(one, notBefore, "rate-limited");
    },
    recordFailure(host, latencyMs, what) {
      counts[host].failed++;
      counts[host].latenciesMs.push(latencyMs);
      change(host, { lastError: { what, at: clock.now(), goodSince: 0 } });
    },
    isClosed: (host) => opensAt(host) !== null,
    opensAt,
    end: () => ({ states: { ...current }, counts }),
  };
}

/**
 * What is over when a tick begins: a gate whose time has come, and a failure that is no news any more. A gate further
 * ahead than a host may close it is left by a clock that was set back, or by a release that wrote spent budgets there.
 */
function forget(state: HostState, nowMs: number): HostState {
  const { notBefore, lastError } = state;
  const isOld =
    lastError !== null &&
    (lastError.goodSince >= GOOD_ANSWERS_TO_FORGET || nowMs - lastError.at >= FORGET_ERROR_AFTER_MS);
  return {
    ...state,
    notBefore: notBefore !== null && notBefore > nowMs && notBefore <= nowMs + MAX_RETRY_AFTER_MS ? notBefore : null,
    lastError: isOld ? null : lastError,
  };
}

function toHeaders(state: HostState, headers: Headers): Pick<HostState, "quota" | "deprecationSeen"> {
  const quota = [...headers]
    .filter(([name]) => QUOTA_HEADER.test(name))
    .slice(0, MAX_QUOTA_HEADERS)
    .map(([name, value]) => [name, value.slice(0, MAX_HEADER_LENGTH)]);
  const warning = headers.get("warning");
  return {
    quota: quota.length > 0 ? Object.fromEntries(quota) : state.quota,
    deprecationSeen: warning?.includes("299") ? warning.slice(0, MAX_HEADER_LENGTH) : state.deprecationSeen,
  };
}
