import { HIRO_CALLS, type HiroVersion, type Lane, MAX_PRICE_CALLS } from "@standings/balances";
import { MAX_WITNESSES } from "../safeguards/falls.ts";

/** Esplora answers a Bitcoin address in one call. */
const BITCOIN_CALLS = 1;

/** One KV read, and D1 calls for place, roster, agents (twice when a rotation wraps, once for probes) and balances. */
const PLAN_CALLS = 7;

/**
 * D1 calls of a commit that is refused: each of the 8 halvings of 200 answers costs a commit, a look at whose the epoch
 * is, and the other half's commit; then the poison pair and the publication. What comes before is paid by the calls for
 * prices that are planned and not made.
 */
const COMMIT_CALLS = 28;

/** Kept back from the budget for what a tick must do besides calling upstreams. */
export const RESERVED_SUBREQUESTS = PLAN_CALLS + COMMIT_CALLS;

/** Less leaves nothing for agents beside what a tick must do anyway. */
export const MIN_SUBREQUEST_BUDGET = RESERVED_SUBREQUESTS + MAX_PRICE_CALLS + MAX_WITNESSES + 20;

/** A tick's calls for prices and metadata, room for further feeds included. */
const PRICE_CALLS = Math.max(10, MAX_PRICE_CALLS);

/** How many agents a lane takes on in a tick: never more than the budget can finish with both lanes asking. */
export function planChunkSize(limits: { chunkSize: number; subrequestBudget: number; hiro: HiroVersion }): number {
  const forAgents = limits.subrequestBudget - RESERVED_SUBREQUESTS - PRICE_CALLS - MAX_WITNESSES;
  const affordable = Math.floor(forAgents / (HIRO_CALLS[limits.hiro] + BITCOIN_CALLS));
  return Math.max(1, Math.min(limits.chunkSize, affordable));
}

/** Chunks of one size: the last one of a rotation is as full as the first. */
export function toEvenChunk(agents: number, chunkSize: number): number {
  return agents === 0 ? chunkSize : Math.ceil(agents / toTicks(agents, chunkSize));
}

/** Ticks of a rotation. */
export function toTicks(agents: number, chunkSize: number): number {
  return Math.max(1, Math.ceil(agents / chunkSize));
}

export const LANE_HOSTS = { stacks: "hiro", bitcoin: "mempool" } as const satisfies Record<Lane, string>;
