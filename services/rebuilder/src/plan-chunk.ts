/** Mempool answers a Bitcoin address in one call. */
const BITCOIN_CALLS = 1;

/** CoinGecko, and both fallbacks. */
const PRICE_CALLS = 3;

/**
 * Kept back from the budget for what a tick must do besides fetching: one KV read, and D1 calls for place, roster,
 * plan and commit, the halving of a chunk that the database refuses included (2 × log2(100) commits, checked once each).
 */
export const RESERVED_SUBREQUESTS = 40;

/** How many agents the next tick takes on: never more than its budget can finish. */
export function planChunkSize(limits: { chunkSize: number; subrequestBudget: number; stacksCalls: number }): number {
  const forAgents = limits.subrequestBudget - RESERVED_SUBREQUESTS - PRICE_CALLS;
  const affordable = Math.floor(forAgents / (limits.stacksCalls + BITCOIN_CALLS));
  return Math.max(1, Math.min(limits.chunkSize, affordable));
}
