import type { MonthlyUse } from "./monthly-budget.ts";

/**
 * Whom the rebuild calls. mempool.space is two of them: what it says of addresses and what it says of prices have gates
 * of their own, so that neither can close the other.
 */
export const HOST_NAMES = ["hiro", "mempool", "mempool-prices", "coingecko", "coinbase", "blockstream"] as const;
export type HostName = (typeof HOST_NAMES)[number];

/** Hosts whose answers a lane waits for. */
export const BALANCE_HOSTS = ["hiro", "mempool"] as const satisfies readonly HostName[];

/** Hosts that are asked for prices alone. They may be skipped: the last good price stays. */
export const PRICE_HOSTS: readonly HostName[] = ["mempool-prices", "coingecko", "coinbase"];

/** Calls count against the plan of the company that answers them. */
export const BUDGET_HOSTS = ["hiro", "mempool", "coingecko", "coinbase", "blockstream"] as const;
export type BudgetHost = (typeof BUDGET_HOSTS)[number];

export function toBudgetHost(host: HostName): BudgetHost {
  return host === "mempool-prices" ? "mempool" : host;
}

/** A 429 to an address lookup is about the whole host; one to a price is not. */
export function toAlsoClosed(host: HostName): readonly HostName[] {
  return host === "mempool" ? ["mempool-prices"] : [];
}

/** The last failure of a host, kept for the person on call. */
export interface LastError {
  what: string;
  at: number; // Unix milliseconds
  goodSince: number; // good answers since then
}

/** What is remembered of a host from tick to tick. */
export interface HostState {
  notBefore: number | null; // no call before, Unix milliseconds: the host said so, or its budget is spent
  lastError: LastError | null;
  quota: Record<string, string>; // quota headers last seen
  deprecationSeen: string | null;
  use: MonthlyUse | null;
}

export const NEW_HOST: HostState = { notBefore: null, lastError: null, quota: {}, deprecationSeen: null, use: null };

export interface HostCounts {
  ok: number;
  failed: number;
  rateLimited: number;
  latenciesMs: number[];
}
