import fc from "fast-check";
import { expect, it } from "vitest";
import { toJsonParameters } from "./json-parameter.ts";

it("splits rows over parameters that each stay under the limit, and loses none", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 20 })),
      fc.integer({ min: 150, max: 400 }),
      (rows, max) => {
        const parameters = toJsonParameters(rows, max);
        expect(parameters.flatMap((json) => JSON.parse(json) as string[])).toEqual(JSON.parse(JSON.stringify(rows)));
        for (const json of parameters) expect(new TextEncoder().encode(json).length).toBeLessThanOrEqual(max);
      },
    ),
  );
});

it("makes one parameter of no rows, so that a statement always has its list", () => {
  expect(toJsonParameters([])).toEqual(["[]"]);
});

it("refuses a row that fits into no parameter", () => {
  expect(() => toJsonParameters(["x".repeat(200)], 100)).toThrow(/over the limit/);
});
