import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_UINT128, parseAmount } from "./amount.ts";

describe("parseAmount", () => {
  it("gives every uint128 back as it was written", () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: MAX_UINT128 }), (n) => parseAmount(n.toString()) === n));
  });

  it.each([
    "",
    "-0",
    "-1",
    "+1",
    "01",
    "1.0",
    "1e3",
    "0x10",
    " 1",
    "1 ",
    "NaN",
    "Infinity",
    "1_000",
    (MAX_UINT128 + 1n).toString(),
    "9".repeat(10_000),
    1,
    null,
    undefined,
    {},
    [],
  ])("refuses %j", (text) => {
    expect(parseAmount(text)).toBeUndefined();
  });

  it("refuses a bigint and a symbol", () => {
    expect(parseAmount(1n)).toBeUndefined();
    expect(parseAmount(Symbol("1"))).toBeUndefined();
  });

  it("refuses whatever is not the digits of a uint128", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseAmount(text);
        return parsed === undefined || parsed.toString() === text;
      }),
    );
  });
});
