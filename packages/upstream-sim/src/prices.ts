import { z } from "zod";
import { parseInput } from "./bad-input.ts";
import { toUnit } from "./random.ts";
import { findToken, SBTC_ASSET_ID, toContractId } from "./tokens.ts";

const PRICE_SOURCES = ["coingecko", "mempool", "coinbase", "alex", "tenero"] as const;
type PriceSource = (typeof PRICE_SOURCES)[number];

/** In USD; null = the source knows no price. */
const price = z.number().nonnegative().nullable();

/** With the time that the source gives for it, in Unix milliseconds, where it gives one. */
const quote = z.union([price, z.strictObject({ usd: price, at: z.number().nonnegative().optional() })]);

const quotesSchema = z.strictObject({
  BTC: quote.optional(),
  STX: quote.optional(),
  /** By contract id. */
  tokens: z.record(z.string(), quote).optional(),
});

/** What is absent goes on as it was. A source's own quotes come before those of all. */
const pinnedPricesSchema = quotesSchema.extend({
  sources: z.partialRecord(z.enum(PRICE_SOURCES), quotesSchema).optional(),
});
export type PinnedPrices = z.input<typeof pinnedPricesSchema>;

interface Quote {
  /** USD; null = this source knows no price. */
  usd: number | null;
  /** Unix milliseconds. */
  at: number;
}

export interface Prices {
  /** Of BTC, STX or a contract id. */
  getQuote(asset: string, source: PriceSource): Quote;
  /** Replaces all that was pinned. Throws a BadInput and changes nothing when malformed. */
  pin(prices: PinnedPrices): void;
  unpin(): void;
}

interface PricesOptions {
  seed: string;
  step: () => number;
  clock: () => number;
  /** False = every source says the same at every step. */
  moving: boolean;
}

const START: Record<string, number> = { BTC: 98_000, STX: 0.85 };

/** No two sources are further apart than twice this. */
const MAX_SPREAD = 0.002;

/** CoinGecko's quotes are up to a minute old. */
const AGE_MS: Partial<Record<PriceSource, number>> = { coingecko: 30_000 };

export function createPrices({ seed, step, clock, moving }: PricesOptions): Prices {
  let pinned: z.output<typeof pinnedPricesSchema> = {};

  function getUsd(asset: string, source: PriceSource): number | null {
    const token = findToken(asset);
    const start = START[asset] ?? token?.priceUsd;
    if (start === undefined || start === null) return null;
    if (source === "tenero" && token?.teneroKnows === false) return 0;
    if (source === "alex" && token && !token.alexLists) return null;
    if (!moving) return start;
    const spread = (toUnit(seed, asset, source, step()) * 2 - 1) * MAX_SPREAD;
    return round(start * walk(seed, asset, step()) * (1 + spread));
  }

  return {
    getQuote(asset, source) {
      const fixed = findPinned(pinned.sources?.[source], asset) ?? findPinned(pinned, asset);
      if (fixed === undefined && asset === toContractId(SBTC_ASSET_ID)) return this.getQuote("BTC", source);
      return { usd: fixed ? fixed.usd : getUsd(asset, source), at: fixed?.at ?? clock() - (AGE_MS[source] ?? 0) };
    },
    pin(prices) {
      pinned = parseInput(pinnedPricesSchema, prices, "prices");
    },
    unpin() {
      pinned = {};
    },
  };
}

function findPinned(quotes: z.output<typeof quotesSchema> | undefined, asset: string) {
  const found = asset === "BTC" || asset === "STX" ? quotes?.[asset] : quotes?.tokens?.[asset];
  if (found === undefined) return undefined;
  return typeof found === "object" && found !== null ? found : { usd: found, at: undefined };
}

/** Slow waves around 1: never more than 3.5 % away from it, and less than 0.2 % from one step to the next. */
function walk(seed: string, asset: string, step: number): number {
  const wave = (steps: number) => Math.sin((step / steps + toUnit(seed, asset, steps)) * 2 * Math.PI);
  return 1 + 0.02 * wave(617) + 0.01 * wave(101) + 0.005 * wave(37);
}

function round(value: number): number {
  return Number(value.toPrecision(value > 1_000 ? 7 : 6));
}
