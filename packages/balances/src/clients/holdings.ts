import { MAX_MICRO_STX, MAX_SATOSHI, MAX_UINT128, parseAmount } from "../amount.ts";
import { isCounted, parseAssetIdentifier, SBTC, STX, toTokenId } from "../tokens/assets.ts";
import type { LaneBalances, TokenBalance } from "../types.ts";
import type { Parsed } from "./http.ts";

/** Anyone can send an agent a thousand spam tokens: the ranked ones are kept, then the largest balances. */
export const MAX_TOKENS_PER_AGENT = 100;

/** One entry of a token list, as the upstream gave it: anyone can have put it there, so nothing of it is trusted. */
export interface AssetEntry {
  identifier: unknown; // contract::asset
  balance: unknown; // base units as digits
}

/**
 * A Stacks address' balances from its STX balance and its complete list of fungible tokens. Assets of one contract are
 * summed, as sBTC's own get-balance does with its locked part. Only counted tokens can make an answer implausible:
 * whatever is wrong with another one, anyone could have sent it, so it is dropped and counted in `leftOut`.
 */
export function toStacksBalances(microStx: bigint, entries: readonly AssetEntry[], unlisted = 0): Parsed<LaneBalances> {
  const sums = sumByToken(entries);
  if (!sums) return { ok: false, reason: "invalid-shape" };
  const sbtc = sums.tokens.get(SBTC)?.rawAmount ?? 0n;
  if (microStx > MAX_MICRO_STX || sbtc > MAX_SATOSHI) return { ok: false, reason: "implausible" };
  const counted: TokenBalance[] = [
    { tokenId: STX, symbol: "STX", rawAmount: microStx },
    { tokenId: SBTC, symbol: "sBTC", rawAmount: sbtc },
  ];
  const others = [...sums.tokens.values()].filter(({ tokenId, rawAmount }) => !isCounted(tokenId) && rawAmount > 0n);
  const readable = others.filter(({ rawAmount }) => rawAmount <= MAX_UINT128).sort(byBalance);
  const kept = readable.slice(0, MAX_TOKENS_PER_AGENT - counted.length);
  const leftOut = sums.unreadable + others.length - kept.length + unlisted;
  return { ok: true, value: { provider: "hiro", balances: [...counted, ...kept], leftOut } };
}

interface TokenSums {
  tokens: Map<string, TokenBalance>;
  unreadable: number;
}

/** Undefined when the amount of a counted token cannot be read. */
function sumByToken(entries: readonly AssetEntry[]): TokenSums | undefined {
  const tokens = new Map<string, TokenBalance>();
  const unreadable = new Set<string>();
  let nameless = 0;
  for (const { identifier, balance } of entries) {
    const asset = typeof identifier === "string" ? parseAssetIdentifier(identifier) : undefined;
    if (!asset) {
      nameless++;
      continue;
    }
    const tokenId = toTokenId(asset.contractId);
    const amount = parseAmount(balance);
    if (amount === undefined) {
      if (isCounted(tokenId)) return undefined;
      unreadable.add(tokenId);
      continue;
    }
    const known = tokens.get(tokenId);
    const symbol = known && known.symbol < asset.assetName ? known.symbol : asset.assetName;
    tokens.set(tokenId, { tokenId, symbol, rawAmount: (known?.rawAmount ?? 0n) + amount });
  }
  // A token of which one asset cannot be read has no known amount at all.
  for (const tokenId of unreadable) tokens.delete(tokenId);
  return { tokens, unreadable: unreadable.size + nameless };
}

function byBalance(a: TokenBalance, b: TokenBalance): number {
  if (a.rawAmount !== b.rawAmount) return a.rawAmount > b.rawAmount ? -1 : 1;
  return a.tokenId < b.tokenId ? -1 : 1;
}
