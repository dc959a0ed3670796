import { expect, it } from "vitest";
import { toBoundMs, toTickSeries } from "./result.ts";
import type { MeasuredTick } from "./rig.ts";

it.each([
  [0, 0],
  [1, 150],
  [6, 150],
  [7, 300],
  [200, 5_100],
])("%s calls over six connections at 150 ms take at least %s ms", (calls, boundMs) => {
  expect(toBoundMs(calls, 150)).toBe(boundMs);
});

it("compares every tick with its own bound", () => {
  const series = toTickSeries("unchanged", 100, [tick({ calls: 6, wallMs: 110 }), tick({ calls: 12, wallMs: 240 })]);
  expect(series.wallToBound).toMatchObject({ min: 1.1, max: 1.2 });
});

it("gives no CPU time when one tick's is unknown", () => {
  expect(toTickSeries("changed", 50, [tick({ cpuMs: 3 }), tick({ cpuMs: null })]).cpuMs).toBeNull();
});

function tick(changes: Partial<MeasuredTick>): MeasuredTick {
  return {
    ...{ outcome: "committed", wallMs: 1, agents: 1, calls: 6, failedCalls: 0, subrequests: 1, rowsRead: 1 },
    ...{ rowsWritten: 1, statements: 1, roundTrips: 1, cpuMs: 1, changedBalances: 0, hasPublished: false },
    ...{ maxInFlight: 6, ...changes },
  };
}
