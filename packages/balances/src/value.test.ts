import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_UINT128 } from "./amount.ts";
import { valueUsdMicros } from "./value.ts";

describe("valueUsdMicros", () => {
  it("values known holdings", () => {
    expect(valueUsdMicros(123_456_789n, 8, 98_123.5)).toBe(121_140_122_354n);
    expect(valueUsdMicros(13_568_037n, 6, 0.8417)).toBe(11_420_216n);
    expect(valueUsdMicros(0n, 8, 98_123.5)).toBe(0n);
    expect(valueUsdMicros(10_000n, 0, 4.6211724535772e-5)).toBe(462_117n);
  });

  it("is the exact value rounded down: within one micro-dollar below, never above", () => {
    const price = fc.tuple(fc.bigInt({ min: 1n, max: 999_999_999n }), fc.integer({ min: 0, max: 12 }));
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: MAX_UINT128 }),
        fc.integer({ min: 0, max: 38 }),
        price,
        (raw, decimals, p) => {
          const [digits, scale] = p;
          const micros = valueUsdMicros(raw, decimals, Number(`${digits}e-${scale}`));
          const exact = raw * digits * 1_000_000n; // over 10^(decimals + scale)
          const unit = 10n ** BigInt(decimals + scale);
          return micros * unit <= exact && exact < (micros + 1n) * unit;
        },
      ),
    );
  });

  it("never falls when the amount grows", () => {
    const amount = fc.bigInt({ min: 0n, max: MAX_UINT128 });
    fc.assert(
      fc.property(amount, amount, fc.double({ min: 1e-12, max: 1e12, noNaN: true }), (a, b, price) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        return valueUsdMicros(less, 8, price) <= valueUsdMicros(more, 8, price);
      }),
    );
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "throws on a price of %d instead of inventing a value",
    (price) => {
      expect(() => valueUsdMicros(1n, 8, price)).toThrow(RangeError);
    },
  );
});
