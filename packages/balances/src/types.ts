/** The two chains an agent holds on: each is asked by itself, and good or failed by itself. */
export const LANES = ["stacks", "bitcoin"] as const;
export type Lane = (typeof LANES)[number];

export interface TokenBalance {
  tokenId: string;
  symbol: string; // for a SIP-10 token the asset name, until its metadata is known
  rawAmount: bigint; // base units
}

/** A complete answer about an agent on one lane: what is not in it is not held. */
export interface LaneBalances {
  provider: string;
  balances: TokenBalance[]; // counted tokens always, also at zero; other tokens only when held
  leftOut: number; // held tokens that are not listed: past the number kept per agent, or not readable
}
