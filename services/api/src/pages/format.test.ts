import { describe, expect, it } from "vitest";
import { formatAmount, formatPrice, formatTime, formatUsd, shortenAddress } from "./format.ts";

describe("formats for people", () => {
  it.each([
    [0, "$0.00"],
    [0.004, "<$0.01"],
    [0.005, "<$0.01"],
    [0.01, "$0.01"],
    [1_234_567.891, "$1,234,567.89"],
  ])("money %d is %s", (value, text) => {
    expect(formatUsd(value)).toBe(text);
  });

  it.each([
    [0, "0"],
    [0.00000001, "0.00000001"],
    [63_503.145767, "63,503.1"],
    [12_345_678, "12.35M"],
    [2 ** 128, "3.40 × 10^38"],
  ])("amount %d is %s", (value, text) => {
    expect(formatAmount(value)).toBe(text);
  });

  it("says unknown of a price that was never known", () => {
    expect([null, 0.8512, 98_123.5].map(formatPrice)).toEqual(["unknown", "$0.8512", "$98,123.50"]);
  });

  it("shortens addresses and times", () => {
    expect(shortenAddress("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")).toBe("bc1qar…f5mdq");
    expect(formatTime("2026-11-22T14:02:10.000Z")).toBe("2026-11-22 14:02:10 UTC");
  });
});
