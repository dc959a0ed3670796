/** Token ids that are no contract id: Stacks' own coin, bitcoin on layer 1, and sBTC by its canonical contract. */
export const STX = "stx";
export const BTC = "btc-l1";
export const SBTC = "sbtc";

/**
 * The one sBTC contract (mainnet, Stacks docs). Names and symbols are anyone's to copy: a token is what its contract is.
 * The contract also holds `sbtc-token-locked`, part of the holder's balance while a withdrawal is under way.
 */
export const SBTC_CONTRACT_ID = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token";
export const SBTC_ASSET_IDENTIFIER = `${SBTC_CONTRACT_ID}::sbtc-token`;

/** What an agent's total is made of. Everything else is listed, and counts nothing. */
const COUNTED_TOKENS: readonly string[] = [BTC, STX, SBTC];

export function isCounted(tokenId: string): boolean {
  return COUNTED_TOKENS.includes(tokenId);
}

/** Coins move every agent: without a price of each, no total is true. */
export const COINS: readonly string[] = [BTC, STX];

export interface Asset {
  contractId: string;
  assetName: string;
}

// Contract names end at 40 characters, Clarity asset names at 128 (Stacks SIP-002 and SIP-005).
const ASSET_IDENTIFIER = /^(S[0-9A-Z]{27,40}\.[a-zA-Z][a-zA-Z0-9_-]{0,39})::([a-zA-Z0-9_!?+<>=/*-]{1,128})$/;

/** Splits `contract::asset`. Undefined when it is no asset identifier. */
export function parseAssetIdentifier(identifier: string): Asset | undefined {
  const match = ASSET_IDENTIFIER.exec(identifier);
  return match?.[1] && match[2] ? { contractId: match[1], assetName: match[2] } : undefined;
}

export function toTokenId(contractId: string): string {
  return contractId === SBTC_CONTRACT_ID ? SBTC : contractId;
}

/** The Stacks contract of a token. Undefined for STX and BTC, which have none. */
export function toContractId(tokenId: string): string | undefined {
  if (tokenId === STX || tokenId === BTC) return undefined;
  return tokenId === SBTC ? SBTC_CONTRACT_ID : tokenId;
}
