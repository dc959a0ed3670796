import { z } from "zod";
import { parseInput } from "./bad-input.ts";
import { toUnit } from "./random.ts";
import { findToken, SBTC_ASSET_ID, toContractId } from "./tokens.ts";

export type PriceSource = "coingecko" | "mempool" | "coinbase" | "alex" | "tenero";

const price = z.number().nonnegative().nullable();

/** null = no source knows a price. What is absent goes on walking. */
export const pinnedPricesSchema = z.strictObject({
  BTC: price.optional(),
  STX: price.optional(),
  /** By contract id. */
  tokens: z.record(z.string(), price).optional(),
});
export type PinnedPrices = z.input<typeof pinnedPricesSchema>;

export interface Prices {
  /** USD for BTC, STX or a contract id; null = this source knows none. */
  getPrice(asset: string, source: PriceSource): number | null;
  /** Throws a BadInput and changes nothing when malformed. */
  pin(prices: PinnedPrices): void;
  unpin(): void;
}

const START: Record<string, number> = { BTC: 98_000, STX: 0.85 };

/** No two sources are further apart than twice this. */
const MAX_SPREAD = 0.002;

export function createPrices(seed: string, step: () => number): Prices {
  let pinned: PinnedPrices = {};

  function findPinned(asset: string): number | null | undefined {
    if (asset === "BTC") return pinned.BTC;
    if (asset === "STX") return pinned.STX;
    return pinned.tokens?.[asset];
  }

  return {
    getPrice(asset, source) {
      const fixed = findPinned(asset);
      if (fixed !== undefined) return fixed;
      if (asset === toContractId(SBTC_ASSET_ID)) return this.getPrice("BTC", source);
      const token = findToken(asset);
      const start = START[asset] ?? token?.priceUsd;
      if (start === undefined || start === null) return null;
      if (source === "tenero" && token?.teneroKnows === false) return 0;
      if (source === "alex" && token && !token.alexLists) return null;
      const spread = (toUnit(seed, asset, source, step()) * 2 - 1) * MAX_SPREAD;
      return round(start * walk(seed, asset, step()) * (1 + spread));
    },
    pin(prices) {
      pinned = parseInput(pinnedPricesSchema, prices, "prices");
    },
    unpin() {
      pinned = {};
    },
  };
}

/** Slow waves around 1: never more than 3.5 % away from it, and less than 0.2 % from one step to the next. */
function walk(seed: string, asset: string, step: number): number {
  const wave = (steps: number) => Math.sin((step / steps + toUnit(seed, asset, steps)) * 2 * Math.PI);
  return 1 + 0.02 * wave(617) + 0.01 * wave(101) + 0.005 * wave(37);
}

function round(value: number): number {
  return Number(value.toPrecision(value > 1_000 ? 7 : 6));
}
