import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseInterval,
  isAlarmLost,
  MIN_ALARM_AHEAD_MS,
  MIN_ROTATION_INTERVAL_MS,
  type TickHealth,
  toAlarmTime,
  toHealthyMs,
} from "./interval.ts";

const INTERVALS = { activeMs: 120_000, idleMs: 600_000, rotationTargetMs: 600_000 };
const NOW = 1_800_000_000_000;

const WELL = { health: "well" as const, opensAt: null };
const RESTING = { health: "resting" as const, opensAt: null };
const PROBING = { health: "probing" as const, opensAt: null };
const gated = (forMs: number) => ({ health: "well" as const, opensAt: NOW + forMs });

describe("chooseInterval", () => {
  it.each<[string, Partial<TickHealth>, number, string]>([
    ["healthy upstreams", {}, 120_000, "upstreams are healthy"],
    ["a rotation of 11 ticks", { ticksOfRotation: 11 }, 54_545, "upstreams are healthy"],
    ["a fifth of the calls failed", { calls: 100, failedCalls: 20 }, 120_000, "upstreams are healthy"],
    ["more than a fifth failed", { calls: 100, failedCalls: 21 }, 600_000, "21 of 100 upstream calls failed"],
    ["no calls at all", { calls: 0, failedCalls: 0 }, 120_000, "upstreams are healthy"],
    ["one lane at rest", lanes(RESTING, WELL), 120_000, "stacks rests; the other lane goes on"],
    ["one gate closed", lanes(WELL, gated(5e6)), 120_000, "bitcoin waits for its host's gate; the other lane goes on"],
    ["a lane that probes", lanes(PROBING, RESTING), 120_000, "bitcoin rests; the other lane goes on"],
    ["both lanes at rest", lanes(RESTING, RESTING), 600_000, "neither lane can ask: stacks rests, bitcoin rests"],
    [
      "both gates closed, one for 20 minutes",
      lanes(gated(3_000_000), gated(1_200_000)),
      1_200_000,
      "neither lane can ask: stacks waits for its host's gate, bitcoin waits for its host's gate",
    ],
    [
      "both gates closed for a moment",
      lanes(gated(5_000), gated(5_000)),
      600_000,
      "neither lane can ask: stacks waits for its host's gate, bitcoin waits for its host's gate",
    ],
    [
      "one at rest and the other's gate closed for an hour",
      lanes(RESTING, gated(3_600_000)),
      600_000,
      "neither lane can ask: stacks rests, bitcoin waits for its host's gate",
    ],
    ["one failed commit", { failedCommits: 1 }, 120_000, "upstreams are healthy"],
    ["two failed commits in a row", { failedCommits: 2 }, 600_000, "2 ticks in a row were not committed"],
    [
      "a budget that asks for more",
      { pace: { ms: 900_000, host: "hiro" } },
      900_000,
      "the monthly budget of hiro lasts only at this interval",
    ],
    ["a budget that asks for less", { pace: { ms: 5, host: "hiro" } }, 120_000, "upstreams are healthy"],
  ])("with %s", (_name, changes, ms, reason) => {
    expect(chooseInterval({ ...HEALTHY, ...changes }, INTERVALS)).toEqual({ ms, reason });
  });
});

describe("toHealthyMs", () => {
  it.each([
    [1, 120_000],
    [5, 120_000],
    [11, 54_545],
    [21, MIN_ROTATION_INTERVAL_MS],
    [600, MIN_ROTATION_INTERVAL_MS],
  ])("ends a rotation of %d ticks within its target, with a breath between ticks: %d ms", (ticks, ms) => {
    expect(toHealthyMs(ticks, INTERVALS)).toBe(ms);
  });

  it("is never longer than the active interval, of the local set-up too", () => {
    expect(toHealthyMs(11, { ...INTERVALS, activeMs: 2_000 })).toBe(2_000);
  });
});

describe("toAlarmTime", () => {
  it("is counted from the tick's start", () => {
    expect(toAlarmTime(NOW, 120_000, NOW + 30_000)).toBe(NOW + 120_000);
  });

  it("is at least a second ahead of now, whatever the interval and however long the tick took", () => {
    fc.assert(
      fc.property(fc.double(), fc.nat(1e9), (intervalMs, lateMs) => {
        const at = toAlarmTime(NOW, intervalMs, NOW + lateMs);
        expect(Number.isFinite(at) && at >= NOW + lateMs + MIN_ALARM_AHEAD_MS).toBe(true);
      }),
    );
    expect(toAlarmTime(NOW, -60_000, NOW)).toBe(NOW + MIN_ALARM_AHEAD_MS);
  });
});

describe("isAlarmLost", () => {
  it.each([
    [null, true],
    [NOW - 180_001, true],
    [NOW - 180_000, false],
    [NOW + 1, false],
    [NOW + 780_000, false],
    [NOW + 780_001, true],
  ])("of %j", (alarmAt, isLost) => {
    expect(isAlarmLost(alarmAt, NOW, { watchdogMs: 180_000, longestMs: 600_000 })).toBe(isLost);
  });
});

const HEALTHY: TickHealth = {
  nowMs: NOW,
  calls: 200,
  failedCalls: 0,
  lanes: { stacks: WELL, bitcoin: WELL },
  failedCommits: 0,
  ticksOfRotation: 5,
  pace: { ms: 0, host: null },
};

function lanes(stacks: TickHealth["lanes"]["stacks"], bitcoin: TickHealth["lanes"]["bitcoin"]): Partial<TickHealth> {
  return { lanes: { stacks, bitcoin } };
}
