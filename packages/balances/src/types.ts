/** Where an agent's balances come from: one call site each, good or failed on its own. */
export type Source = "stacks" | "bitcoin";

export interface TokenBalance {
  tokenId: string;
  symbol: string; // for a SIP-10 token the asset name, until its metadata is known
  rawAmount: bigint; // base units
}

/** A complete answer of one source: what is not in it is not held. */
export interface SourceBalances {
  provider: string;
  balances: TokenBalance[]; // ranked tokens always, also at zero; other tokens only when held
  leftOut: number; // held tokens past the number kept per agent
}
