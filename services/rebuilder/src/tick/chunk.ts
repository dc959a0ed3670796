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

/** So many ticks in a row that began at one place and never ended are no coincidence. */
export const CRASHES_TO_SHRINK = 3;

/**
 * After crashes at one place the chunk is halved with every further one, to find a way past what brings the tick down
 * (too much memory, a bug): down to a single agent, and when that one still does, past it.
 */
export function shrinkAfterCrashes(fullSize: number, crashes: number): { chunkSize: number; isSkipping: boolean } {
  if (crashes < CRASHES_TO_SHRINK) return { chunkSize: fullSize, isSkipping: false };
  const halvings = crashes - CRASHES_TO_SHRINK + 1;
  const chunkSize = Math.max(1, Math.floor(fullSize / 2 ** halvings));
  const toOne = Math.ceil(Math.log2(fullSize));
  return { chunkSize, isSkipping: halvings > toOne };
}
