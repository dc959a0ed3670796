import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choosePrice, MAX_QUOTE_AGE_MS, MAX_QUOTE_AHEAD_MS, type Quote } from "./price-choice.ts";

const NOW = 1_800_000_000_000;

describe("choosePrice", () => {
  it("takes the first source while it is calm", () => {
    expect(choosePrice(quote(100), [quote(120, "a"), quote(100, "b")], NOW)).toMatchObject({
      ok: true,
      price: { source: "a" },
    });
  });

  it("takes the first quote there ever was", () => {
    expect(choosePrice(undefined, [quote(7)], NOW)).toMatchObject({ ok: true, price: { priceUsd: 7 } });
  });

  it("never takes a jump on one source's word", () => {
    const far = fc.double({ min: 1.5001, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), far, fc.boolean(), (last, times, isUp) => {
        return !choosePrice(quote(last), [quote(isUp ? last * times : last / times)], NOW).ok;
      }),
    );
  });

  it("takes a jump that a second source confirms", () => {
    expect(choosePrice(quote(100), [quote(1_000, "a"), quote(1_050, "b")], NOW)).toMatchObject({
      price: { source: "a" },
    });
  });

  it("takes the calm source when two disagree", () => {
    expect(choosePrice(quote(100), [quote(10_000, "a"), quote(101, "b")], NOW)).toMatchObject({
      price: { source: "b" },
    });
  });

  it("holds when two sources jump to different places", () => {
    expect(choosePrice(quote(100), [quote(1_000, "a"), quote(5_000, "b")], NOW)).toMatchObject({ ok: false });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a quote of %d", (price) => {
    expect(choosePrice(undefined, [quote(price)], NOW)).toEqual({ ok: false, reason: "no usable quote" });
  });

  it("refuses quotes from a feed that stopped, or from the future", () => {
    for (const pricedAt of [NOW - MAX_QUOTE_AGE_MS - 1, NOW + MAX_QUOTE_AHEAD_MS + 1]) {
      expect(choosePrice(undefined, [{ ...quote(5), pricedAt }], NOW).ok).toBe(false);
    }
  });
});

function quote(priceUsd: number, source = "a"): Quote {
  return { priceUsd, pricedAt: NOW, source };
}
