import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCallsLeft, toNextMonthAt, toPaceMs, toRunOutAt } from "./monthly-budget.ts";

const NOW = Date.parse("2026-11-21T00:00:00Z"); // ten days before the month ends
const DAY_MS = 86_400_000;

describe("a monthly budget", () => {
  it("stretches what is left over the rest of the month", () => {
    expect(toPaceMs({ month: "2026-11", calls: 148_000 }, 150_000, 100, NOW)).toBe((10 * DAY_MS) / 20);
  });

  it("starts anew with the month", () => {
    expect(toCallsLeft({ month: "2026-10", calls: 150_000 }, 150_000, NOW)).toBe(150_000);
    expect(toNextMonthAt(Date.parse("2026-12-31T23:59:59Z"))).toBe(Date.parse("2027-01-01T00:00:00Z"));
  });

  it("is without end at 0", () => {
    expect(toCallsLeft({ month: "2026-11", calls: 1e9 }, 0, NOW)).toBe(Number.POSITIVE_INFINITY);
    expect(toPaceMs(null, 0, 100, NOW)).toBe(0);
    expect(toRunOutAt(null, 0, { callsPerTick: 100, intervalMs: 1 }, NOW)).toBeNull();
  });

  it("says when it runs out at the current rate, and nothing when it lasts", () => {
    const use = { month: "2026-11", calls: 0 };
    expect(toRunOutAt(use, 1_000, { callsPerTick: 100, intervalMs: DAY_MS / 2 }, NOW)).toBe(NOW + 5 * DAY_MS);
    expect(toRunOutAt(use, 1_000, { callsPerTick: 100, intervalMs: DAY_MS }, NOW)).toBeNull();
    expect(toRunOutAt({ month: "2026-11", calls: 1_000 }, 1_000, { callsPerTick: 1, intervalMs: 1 }, NOW)).toBe(NOW);
  });

  it("never runs dry at its own pace", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 1, max: 250 }),
        fc.nat(9 * DAY_MS),
        (calls, perTick, late) => {
          const budget = 150_000;
          let used = calls;
          let now = NOW + late;
          const end = toNextMonthAt(now);
          for (let tick = 0; tick < 200 && now < end; tick++) {
            const left = toCallsLeft({ month: "2026-11", calls: used }, budget, now);
            used += Math.min(left, perTick);
            now += Math.max(1, toPaceMs({ month: "2026-11", calls: used }, budget, perTick, now));
          }
          expect(used).toBeLessThanOrEqual(Math.max(budget, calls));
        },
      ),
    );
  });
});
