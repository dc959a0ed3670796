import type { MonthlyUse } from "./monthly-budget.ts";

export type BreakerState = "closed" | "open" | "half-open";

/** What is remembered of a host from tick to tick. Times are Unix milliseconds. */
export interface HostState {
  breaker: BreakerState;
  openSince: number | null;
  notBefore: number | null; // no call before
  consecutiveFailures: number;
  blockedTicks: number; // ticks in a row that the host blocked without one good answer
  lastError: string | null;
  quota: Record<string, string>; // quota headers last seen
  deprecationSeen: string | null;
  use?: MonthlyUse;
}

/** Failures in a row that open a breaker: with one call in three failing at random, ten in a row are 1 in 59,000. */
export const FAILURES_TO_OPEN = 10;

/** A host that blocked so many ticks running is passed by, so that it cannot stop the other source too. */
export const BLOCKED_TICKS_TO_PASS_BY = 3;

export const NEW_HOST: HostState = {
  breaker: "closed",
  openSince: null,
  notBefore: null,
  consecutiveFailures: 0,
  blockedTicks: 0,
  lastError: null,
  quota: {},
  deprecationSeen: null,
};

/** An open breaker whose time has come lets one probe through. */
export function beginTick(host: HostState, nowMs: number): HostState {
  const due = host.breaker !== "closed" && (host.notBefore ?? 0) <= nowMs;
  return due ? { ...host, breaker: "half-open" } : host;
}

/** A probe's success closes the breaker; an answer that was under way when it opened does not. */
export function afterSuccess(host: HostState): HostState {
  if (host.breaker === "open") return host;
  return { ...host, breaker: "closed", openSince: null, notBefore: null, consecutiveFailures: 0, lastError: null };
}

export function afterFailure(host: HostState, nowMs: number, reason: string, openMs: number): HostState {
  const consecutiveFailures = host.consecutiveFailures + 1;
  const failed = { ...host, consecutiveFailures, lastError: reason };
  if (host.breaker === "open") return failed;
  if (host.breaker === "closed" && consecutiveFailures < FAILURES_TO_OPEN) return failed;
  return open(failed, nowMs, nowMs + openMs);
}

/** A 429 gates its host at once, until `notBefore`. */
export function afterRateLimit(host: HostState, nowMs: number, notBefore: number): HostState {
  return gate(host, nowMs, notBefore, "rate-limited");
}

/** A host that must not be called before a time: what it says is not believed, or its budget is spent. */
export function gate(host: HostState, nowMs: number, notBefore: number, reason: string): HostState {
  const later = host.breaker === "open" ? Math.max(host.notBefore ?? 0, notBefore) : notBefore;
  return open({ ...host, lastError: reason }, nowMs, later);
}

function open(host: HostState, nowMs: number, notBefore: number): HostState {
  return { ...host, breaker: "open", openSince: host.openSince ?? nowMs, notBefore };
}

/** A host that answered at least once is slow, not stopped: it is never passed by, its agents come first next time. */
export function endTick(host: HostState, goodAnswers: number): HostState {
  const blocked = host.breaker !== "closed" && goodAnswers === 0;
  return { ...host, blockedTicks: blocked ? host.blockedTicks + 1 : 0 };
}

export function isPassedBy(host: HostState): boolean {
  return host.breaker !== "closed" && host.blockedTicks >= BLOCKED_TICKS_TO_PASS_BY;
}
