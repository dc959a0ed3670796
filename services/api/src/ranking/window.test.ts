import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toNeighbours, toWindowAround } from "./window.ts";

describe("toNeighbours", () => {
  it("leads from a page past the end back to the last", () => {
    expect(toNeighbours({ limit: 3, offset: 50 }, 7).get("prev")).toEqual({ limit: 3, offset: 6 });
  });

  it("has one page, its own first and last, when nobody is ranked", () => {
    expect([...toNeighbours({ limit: 3, offset: 0 }, 0)]).toEqual([
      ["first", { limit: 3, offset: 0 }],
      ["last", { limit: 3, offset: 0 }],
    ]);
  });

  it("says last of a page that starts inside the ranking, and next of none at its end", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(500), (limit, total) => {
        const last = toNeighbours({ limit, offset: 0 }, total).get("last") ?? { limit, offset: -1 };
        expect(last.offset % limit).toBe(0);
        expect(last.offset === 0 || last.offset < total).toBe(true);
        expect(last.offset + limit).toBeGreaterThanOrEqual(total);
        expect(toNeighbours(last, total).has("next")).toBe(false);
      }),
    );
  });
});

describe("toWindowAround", () => {
  it("always holds the agent, and is full whenever the ranking is long enough", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(499),
        (total, limit, place) => {
          const rank = (place % total) + 1;
          const { offset } = toWindowAround(rank, limit, total);
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(rank > offset && rank <= offset + limit).toBe(true);
          expect(Math.min(total, offset + limit) - offset).toBe(Math.min(total, limit));
        },
      ),
    );
  });
});
