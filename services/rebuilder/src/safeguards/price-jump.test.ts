import type { Price } from "@standings/balances";
import { expect, it } from "vitest";
import { judgePrice, MAX_JUMP, NEW_PRICE_MEMORY, type PriceMemory, toPriceMemory } from "./price-jump.ts";

const FIRST = { priceUsd: 100, pricedAt: 1_800_000_000_000, source: "coingecko" };
const STEP_MS = 5 * 60_000;
const STEPS_PER_HOUR = 12;

it("one source's small steps are not believed past the bound of an hour", () => {
  let lastGood: Price = FIRST;
  let memory: PriceMemory = toPriceMemory(NEW_PRICE_MEMORY, FIRST, "second-source", FIRST.pricedAt);
  for (let step = 1; step <= 2 * STEPS_PER_HOUR; step++) {
    const nowMs = FIRST.pricedAt + step * STEP_MS;
    const rises = Math.max(0, step - STEPS_PER_HOUR); // an hour of calm first
    const quote = { ...FIRST, priceUsd: FIRST.priceUsd * 1.05 ** rises, pricedAt: nowMs };
    const { accepted } = judgePrice({
      tokenId: "stx",
      lastGood,
      memory,
      hold: undefined,
      isAccepted: false,
      quotes: [quote],
      nowMs,
      newId: () => "new",
    });
    if (!accepted) break;
    lastGood = accepted.price;
    memory = toPriceMemory(memory, lastGood, accepted.confirmedBy, nowMs);
  }
  expect(lastGood.priceUsd).toBeGreaterThan(140);
  expect(lastGood.priceUsd).toBeLessThanOrEqual(FIRST.priceUsd * MAX_JUMP);
});
