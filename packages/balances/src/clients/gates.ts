import type { Clock } from "../clock.ts";
import {
  afterFailure,
  afterRateLimit,
  afterSuccess,
  beginTick,
  endTick,
  gate,
  type HostState,
  isPassedBy,
  NEW_HOST,
} from "./breaker.ts";
import { toCallsLeft, toNextMonthAt, toUseNow } from "./monthly-budget.ts";
import { toNotBefore } from "./retry-after.ts";

export const HOST_NAMES = ["hiro", "mempool", "coingecko", "coinbase"] as const;
export type HostName = (typeof HOST_NAMES)[number];

/** The hosts whose answers agents wait for. */
export const BALANCE_HOSTS = ["hiro", "mempool"] as const satisfies readonly HostName[];

export interface HostCounts {
  ok: number;
  failed: number;
  rateLimited: number;
  latenciesMs: number[];
}

/** The hosts during one tick: who may be called, and what their answers mean for the next call. */
export interface Hosts {
  /** Whether a call may start. A half-open host admits one probe at a time. */
  admit(host: HostName): boolean;
  recordSuccess(host: HostName, latencyMs: number, headers: Headers): void;
  recordRateLimit(host: HostName, latencyMs: number, headers: Headers): void;
  recordFailure(host: HostName, latencyMs: number, reason: string): void;
  /** A call that ended without telling anything about its host: aborted by us, or refused for what was asked. */
  recordNeutral(host: HostName): void;
  /** Takes back that its answers of this tick were good: they are not believed, and the host is left alone. */
  distrust(host: HostName, reason: string): void;
  isBlocked(host: HostName): boolean;
  isPassedBy(host: HostName): boolean;
  isHalfOpen(host: HostName): boolean;
  /** The states to remember, and the counts of this tick. */
  end(): { states: Record<HostName, HostState>; counts: Record<HostName, HostCounts> };
}

export interface HostsOptions {
  states: Partial<Record<HostName, HostState>>;
  clock: Clock;
  /** How long a host that failed or said 429 without a time is left alone: until the next slow tick. */
  openMs: number;
  /** Calls a calendar month, 0 = without end. */
  monthlyBudgets: Record<HostName, number>;
}

const QUOTA_HEADER = /^(?:x-)?ratelimit-/;
const MAX_QUOTA_HEADERS = 16; // what Hiro sends at most, and a bound on what a strange host can make us store
const MAX_HEADER_LENGTH = 200;

interface HostInTick {
  state: HostState;
  counts: HostCounts;
  probing: boolean; // a half-open host's one call is under way
  wasPassedBy: boolean; // when the tick began
  passedBy: boolean;
}

export function createHosts({ states, clock, openMs, monthlyBudgets }: HostsOptions): Hosts {
  const startedAt = clock.now();
  const hosts = new Map<HostName, HostInTick>();
  for (const name of HOST_NAMES) {
    const state = beginTick(states[name] ?? NEW_HOST, startedAt);
    hosts.set(name, {
      state,
      counts: { ok: 0, failed: 0, rateLimited: 0, latenciesMs: [] },
      probing: false,
      wasPassedBy: isPassedBy(state),
      passedBy: isPassedBy(state),
    });
  }
  const get = (name: HostName) => {
    const host = hosts.get(name);
    if (!host) throw new Error(`unknown host ${name}`);
    return host;
  };
  const settle = (name: HostName, latencyMs: number) => {
    const host = get(name);
    host.probing = false;
    host.counts.latenciesMs.push(latencyMs);
    return host;
  };
  return {
    admit(name) {
      const host = get(name);
      if (host.state.breaker === "open" || host.probing) return false;
      const nowMs = clock.now();
      if (toCallsLeft(host.state.use, monthlyBudgets[name], nowMs) < 1) {
        host.state = gate(host.state, nowMs, toNextMonthAt(nowMs), "the monthly budget is spent");
        return false;
      }
      if (host.state.breaker === "half-open") host.probing = true;
      const use = toUseNow(host.state.use, nowMs);
      host.state = { ...host.state, use: { ...use, calls: use.calls + 1 } };
      return true;
    },
    recordSuccess(name, latencyMs, headers) {
      const host = settle(name, latencyMs);
      host.counts.ok++;
      host.state = afterSuccess(withHeaders(host.state, headers));
      // Whoever answers again is waited for again, also when it blocks once more within this tick.
      if (host.state.breaker === "closed") host.passedBy = false;
    },
    recordRateLimit(name, latencyMs, headers) {
      const host = settle(name, latencyMs);
      host.counts.rateLimited++;
      host.state = afterRateLimit(
        withHeaders(host.state, headers),
        clock.now(),
        toNotBefore(headers, clock.now(), openMs),
      );
    },
    recordFailure(name, latencyMs, reason) {
      const host = settle(name, latencyMs);
      host.counts.failed++;
      host.state = afterFailure(host.state, clock.now(), reason, openMs);
    },
    recordNeutral(name) {
      get(name).probing = false;
    },
    distrust(name, reason) {
      const host = get(name);
      host.counts.failed += host.counts.ok;
      host.counts.ok = 0;
      host.passedBy = host.wasPassedBy;
      host.state = gate(host.state, clock.now(), clock.now() + openMs, reason);
    },
    isBlocked: (name) => get(name).state.breaker === "open",
    isPassedBy: (name) => get(name).passedBy && get(name).state.breaker !== "closed",
    isHalfOpen: (name) => get(name).state.breaker === "half-open",
    end() {
      const entries = [...hosts].map(([name, host]) => [name, host] as const);
      return {
        states: Object.fromEntries(entries.map(([name, host]) => [name, endTick(host.state, host.counts.ok)])),
        counts: Object.fromEntries(entries.map(([name, host]) => [name, host.counts])),
      } as ReturnType<Hosts["end"]>;
    },
  };
}

function withHeaders(state: HostState, headers: Headers): HostState {
  const quota = [...headers]
    .filter(([name]) => QUOTA_HEADER.test(name))
    .slice(0, MAX_QUOTA_HEADERS)
    .map(([name, value]) => [name, value.slice(0, MAX_HEADER_LENGTH)]);
  const warning = headers.get("warning");
  return {
    ...state,
    quota: quota.length > 0 ? Object.fromEntries(quota) : state.quota,
    deprecationSeen: warning?.includes("299") ? warning.slice(0, MAX_HEADER_LENGTH) : state.deprecationSeen,
  };
}
