import { COINS, MAX_DISAGREEMENT, toRatio } from "@standings/balances";
import type { AcceptedPrice } from "@standings/db";
import { LONE_SOURCE_MS, MAX_JUMP } from "../src/safeguards/price-jump.ts";
import type { Scene } from "./scene.ts";
import type { Assert } from "./violation.ts";

const SOURCES = ["coingecko", "coinbase", "mempool.space"];

/** A tick's quotes are no older than this when it commits. */
const RECENT_MS = 180_000;

/** Watches accepted prices: each was quoted, and a leap was said by two, or by one for long enough, or by a person. */
export class PriceWatch {
  readonly #world: Scene;
  readonly #assert: Assert;
  readonly #known = new Map<string, number>();

  constructor(world: Scene, assert: Assert) {
    this.#world = world;
    this.#assert = assert;
  }

  sawPrices(prices: readonly AcceptedPrice[]): void {
    for (const { tokenId, priceUsd, source } of prices) {
      const before = this.#known.get(tokenId);
      this.#known.set(tokenId, priceUsd);
      const isBounded = Number.isFinite(priceUsd) && priceUsd > 0;
      this.#assert(isBounded, "I-17 bounds", () => `${tokenId} costs ${priceUsd}`);
      const quotes = this.#world.said.quotesOf(tokenId, source);
      const isQuoted = quotes.some(({ usd }) => usd === priceUsd);
      this.#assert(isQuoted, "I-24 prices", () => `${source} never said that ${tokenId} costs ${priceUsd}`);
      const isCalm = before !== undefined && toRatio(before, priceUsd) <= MAX_JUMP;
      if (isCalm || this.#isBacked(tokenId, priceUsd, source, before)) continue;
      this.#assert(false, "I-24 prices", () => `${tokenId} went from ${before} to ${priceUsd} by ${source} alone`);
    }
  }

  #isBacked(tokenId: string, priceUsd: number, source: string, before: number | undefined): boolean {
    const { said, clock, control, watch } = this.#world;
    if (control.acceptedIds.some((id) => id.startsWith("price-"))) return true;
    const nowMs = clock.read();
    const isNear = ({ usd }: { usd: number }) => toRatio(usd, priceUsd) <= MAX_DISAGREEMENT;
    const others = SOURCES.filter((other) => other !== source).flatMap((other) => said.quotesOf(tokenId, other));
    const isSeconded = others.some((quote) => isNear(quote) && Math.abs(nowMs - quote.lastAt) <= RECENT_MS);
    if (isSeconded || watch.hasGoneBack) return true;
    const isFirst = before === undefined && COINS.includes(tokenId);
    const own = said.quotesOf(tokenId, source).filter(isNear);
    return !isFirst && own.some(({ firstAt }) => nowMs - firstAt >= LONE_SOURCE_MS - RECENT_MS);
  }
}
