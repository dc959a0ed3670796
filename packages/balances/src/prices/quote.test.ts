import { expect, it } from "vitest";
import { isUsable, MAX_QUOTE_AGE_MS, MAX_QUOTE_AHEAD_MS, toRatio } from "./quote.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const quote = (changes: Partial<Parameters<typeof isUsable>[0]> = {}) => {
  return { priceUsd: 1, pricedAt: NOW, source: "coinbase", ...changes };
};

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("takes %d for no answer", (priceUsd) => {
  expect(isUsable(quote({ priceUsd }), NOW)).toBe(false);
});

it("takes an old and a future-dated quote for no answer, and allows for clocks that differ a little", () => {
  expect(isUsable(quote(), NOW)).toBe(true);
  expect(isUsable(quote({ pricedAt: NOW - MAX_QUOTE_AGE_MS }), NOW)).toBe(true);
  expect(isUsable(quote({ pricedAt: NOW - MAX_QUOTE_AGE_MS - 1 }), NOW)).toBe(false);
  expect(isUsable(quote({ pricedAt: NOW + MAX_QUOTE_AHEAD_MS }), NOW)).toBe(true);
  expect(isUsable(quote({ pricedAt: NOW + MAX_QUOTE_AHEAD_MS + 1 }), NOW)).toBe(false);
});

it("compares prices by how many times one is the other, in either order", () => {
  expect(toRatio(2, 1)).toBe(2);
  expect(toRatio(1, 2)).toBe(2);
});
