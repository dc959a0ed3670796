import fc from "fast-check";
import { expect, it } from "vitest";
import { planChunkSize, RESERVED_SUBREQUESTS, shrinkAfterCrashes } from "./chunk.ts";

it("plans 100 agents with one Hiro call each, fewer with two, within 250 subrequests", () => {
  expect(planChunkSize({ chunkSize: 100, subrequestBudget: 250, stacksCalls: 1 })).toBe(100);
  expect(planChunkSize({ chunkSize: 100, subrequestBudget: 250, stacksCalls: 2 })).toBe(69);
});

it("never plans more calls than the budget has, nor less than one agent", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 900 }),
      fc.integer({ min: 1, max: 500 }),
      fc.constantFrom(1, 2),
      (budget, chunkSize, calls) => {
        const size = planChunkSize({ chunkSize, subrequestBudget: budget, stacksCalls: calls });
        return size >= 1 && size <= chunkSize && (size === 1 || size * (calls + 1) + RESERVED_SUBREQUESTS <= budget);
      },
    ),
  );
});

it("halves with every crash from the third on, down to one agent, and then passes over it", () => {
  expect([0, 2, 3, 4, 9].map((crashes) => shrinkAfterCrashes(100, crashes).chunkSize)).toEqual([100, 100, 50, 25, 1]);
  expect(shrinkAfterCrashes(100, 9).isSkipping).toBe(false);
  expect(shrinkAfterCrashes(100, 10)).toEqual({ chunkSize: 1, isSkipping: true });
});
