import { expect, it } from "vitest";
import { createPopulation } from "./population.ts";

it("is the same for the same numbers", () => {
  expect(createPopulation(20, 9)).toEqual(createPopulation(20, 9));
});

it("holds as many balances as asked, on average, each token once", () => {
  const holders = createPopulation(500, 9);
  const balances = holders.map(({ stacks }) => stacks.length + 1);
  expect(balances.reduce((sum, count) => sum + count, 0) / 500).toBeCloseTo(9, 0);
  expect(holders.every(({ stacks }) => new Set(stacks.map(({ tokenId }) => tokenId)).size === stacks.length)).toBe(
    true,
  );
});

it("holds amounts of base units, none of them zero", () => {
  const amounts = createPopulation(50, 9).flatMap(({ stacks, satoshis }) => [
    satoshis,
    ...stacks.map(({ raw }) => raw),
  ]);
  expect(amounts.every((amount) => /^[1-9]\d*$/.test(amount))).toBe(true);
});
