import fc from "fast-check";
import { expect, it } from "vitest";
import { MIN_SUBREQUEST_BUDGET, planChunkSize, RESERVED_SUBREQUESTS, toEvenChunk, toTicks } from "./chunk.ts";

/** Ten calls for prices and metadata, five for witnesses. */
const BESIDE_AGENTS = 15;

it("plans 100 agents with one Hiro call each, 66 with two, within 250 subrequests", () => {
  expect(planChunkSize({ chunkSize: 100, subrequestBudget: 250, hiro: "v1" })).toBe(100);
  expect(planChunkSize({ chunkSize: 100, subrequestBudget: 250, hiro: "v3" })).toBe(66);
});

it("never plans more calls than the budget has, both lanes together, nor less than one agent", () => {
  const budget = fc.integer({ min: 1, max: 900 });
  fc.assert(
    fc.property(
      budget,
      fc.integer({ min: 1, max: 500 }),
      fc.constantFrom("v1", "v3"),
      (subrequestBudget, chunkSize, hiro) => {
        const size = planChunkSize({ chunkSize, subrequestBudget, hiro });
        const calls = size * (hiro === "v1" ? 2 : 3) + RESERVED_SUBREQUESTS + BESIDE_AGENTS;
        expect(size >= 1 && size <= chunkSize).toBe(true);
        expect(size === 1 || calls <= subrequestBudget).toBe(true);
      },
    ),
  );
});

it("has agents to ask with the smallest budget there may be", () => {
  const left = MIN_SUBREQUEST_BUDGET - RESERVED_SUBREQUESTS - BESIDE_AGENTS;
  expect(left).toBeGreaterThanOrEqual(3);
});

it.each([
  [1_005, 100, 92],
  [430, 100, 86],
  [100, 100, 100],
  [101, 100, 51],
  [1, 100, 1],
  [0, 100, 100],
])("asks %d agents in even chunks of at most %d: %d", (agents, chunkSize, even) => {
  expect(toEvenChunk(agents, chunkSize)).toBe(even);
});

it("takes as many ticks with even chunks as with whole ones, the last as full as the first but for the odd ones", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 1, max: 500 }), (agents, chunkSize) => {
      const even = toEvenChunk(agents, chunkSize);
      const ticks = toTicks(agents, chunkSize);
      expect(even).toBeLessThanOrEqual(chunkSize);
      expect(even * ticks).toBeGreaterThanOrEqual(agents);
      expect(even * ticks - agents).toBeLessThan(ticks);
      expect(toTicks(agents, even)).toBeLessThanOrEqual(ticks);
    }),
  );
  expect(toTicks(0, 100)).toBe(1);
});
