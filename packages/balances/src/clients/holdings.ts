import { MAX_MICRO_STX, MAX_SATOSHI, MAX_UINT128 } from "../amount.ts";
import { parseAssetIdentifier, SBTC, STX, toTokenId } from "../tokens/assets.ts";
import type { SourceBalances, TokenBalance } from "../types.ts";
import type { Parsed } from "./http.ts";

/** Anyone can send an agent a thousand spam tokens: the ranked ones are kept, then the largest balances. */
export const MAX_TOKENS_PER_AGENT = 100;

export interface AssetBalance {
  identifier: string; // contract::asset
  balance: bigint;
}

/**
 * A Stacks address' balances from its STX balance and its complete list of fungible tokens. Assets of one contract are
 * summed, as sBTC's own get-balance does with its locked part. More STX or sBTC than can exist is implausible.
 */
export function toStacksBalances(
  microStx: bigint,
  assets: readonly AssetBalance[],
  uncounted = 0,
): Parsed<SourceBalances> {
  const others = new Map<string, TokenBalance>();
  let sbtc = 0n;
  for (const { identifier, balance } of assets) {
    const asset = parseAssetIdentifier(identifier);
    if (!asset) return { ok: false, reason: "invalid-shape" };
    const tokenId = toTokenId(asset.contractId);
    if (tokenId === SBTC) {
      sbtc += balance;
      continue;
    }
    if (balance === 0n) continue;
    const known = others.get(tokenId);
    const rawAmount = (known?.rawAmount ?? 0n) + balance;
    if (rawAmount > MAX_UINT128) return { ok: false, reason: "implausible" };
    const symbol = known && known.symbol < asset.assetName ? known.symbol : asset.assetName;
    others.set(tokenId, { tokenId, symbol, rawAmount });
  }
  if (microStx > MAX_MICRO_STX || sbtc > MAX_SATOSHI) return { ok: false, reason: "implausible" };
  const ranked: TokenBalance[] = [
    { tokenId: STX, symbol: "STX", rawAmount: microStx },
    { tokenId: SBTC, symbol: "sBTC", rawAmount: sbtc },
  ];
  const largest = [...others.values()].sort(byBalance);
  const kept = largest.slice(0, MAX_TOKENS_PER_AGENT - ranked.length);
  const leftOut = largest.length - kept.length + uncounted;
  return { ok: true, value: { provider: "hiro", balances: [...ranked, ...kept], leftOut } };
}

function byBalance(a: TokenBalance, b: TokenBalance): number {
  if (a.rawAmount !== b.rawAmount) return a.rawAmount > b.rawAmount ? -1 : 1;
  return a.tokenId < b.tokenId ? -1 : 1;
}
