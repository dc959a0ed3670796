import { SBTC_CONTRACT_ID } from "@standings/balances";
import type { Token } from "./schema.ts";

export interface Holdings {
  BTC: Token | undefined;
  STX: Token | undefined;
  sBTC: Token | undefined;
  others: Token[];
}

/** The three ranked tokens and the rest. Told apart by contract: anyone may name a token "BTC". */
export function toHoldings(tokens: readonly Token[]): Holdings {
  const BTC = tokens.find((token) => token.contract === undefined && token.symbol === "BTC");
  const STX = tokens.find((token) => token.contract === undefined && token.symbol === "STX");
  const sBTC = tokens.find((token) => token.contract === SBTC_CONTRACT_ID);
  return { BTC, STX, sBTC, others: tokens.filter((token) => token !== BTC && token !== STX && token !== sBTC) };
}
