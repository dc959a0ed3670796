import { describe, expect, it } from "vitest";
import { summarize, summarizeRatios, toPercentile, toRoundOrder } from "./stats.ts";

describe("summarize", () => {
  it("gives the middle value, the smallest and the largest", () => {
    expect(summarize([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30, samples: 3 });
  });

  it("gives the mean of the two middle values of an even number", () => {
    expect(summarize([4, 1, 2, 3]).median).toBe(2.5);
  });

  it("leaves its input as it was", () => {
    const values = [3, 1, 2];
    summarize(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it("sorts by value and not by text", () => {
    expect(summarize([9, 10, 100]).median).toBe(10);
  });

  it("invents no median of nothing", () => {
    expect(() => summarize([])).toThrow("nothing was measured");
  });
});

describe("toPercentile", () => {
  it("lies between two values by distance", () => {
    expect(toPercentile([0, 10], 0.25)).toBe(2.5);
    expect(toPercentile([7], 0.99)).toBe(7);
  });
});

describe("summarizeRatios", () => {
  it("divides round by round, so that a slow round of both leaves the ratio as it is", () => {
    expect(summarizeRatios([200, 100, 20], [100, 50, 10])).toEqual({ median: 2, min: 2, max: 2, samples: 3 });
  });

  it("refuses series of different rounds", () => {
    expect(() => summarizeRatios([1], [1, 2])).toThrow("different rounds");
  });
});

describe("toRoundOrder", () => {
  it("goes there and back: A B, then B A", () => {
    expect([0, 1, 2, 3].flatMap((round) => toRoundOrder(["A", "B"], round)).join("")).toBe("ABBAABBA");
  });
});
