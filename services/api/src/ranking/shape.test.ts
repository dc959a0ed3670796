import fc from "fast-check";
import { expect, it } from "vitest";
import { toAmount } from "./shape.ts";

it.each([
  ["123456789", 8, 1.23456789],
  ["1", 38, 1e-38],
  ["0", 6, 0],
  ["9007199254740993", 0, 9007199254740992],
  ["30000000000000000004", 20, 0.3],
  ["340282366920938463463374607431768211455", 0, 2 ** 128],
])("toAmount(%s, %i) is %d", (raw, decimals, amount) => {
  expect(toAmount(raw, decimals)).toBe(amount);
});

it("toAmount rounds once, to the number that the written-out decimal names", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.nat(38), (raw, decimals) => {
      const digits = raw.toString().padStart(decimals + 1, "0");
      const split = digits.length - decimals;
      expect(toAmount(raw.toString(), decimals)).toBe(Number(`${digits.slice(0, split)}.${digits.slice(split)}`));
    }),
  );
});
