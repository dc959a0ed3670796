import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseInterval,
  isAlarmLost,
  MIN_ALARM_AHEAD_MS,
  type TickHealth,
  toAlarmTime,
  toStaleAfter,
} from "./interval.ts";

const INTERVALS = { activeMs: 120_000, idleMs: 600_000 };
const NOW = 1_800_000_000_000;

describe("chooseInterval", () => {
  it.each<[string, Partial<TickHealth>, number]>([
    ["healthy upstreams", {}, 120_000],
    ["a fifth of the calls failed", { calls: 100, failedCalls: 20 }, 120_000],
    ["more than a fifth failed", { calls: 100, failedCalls: 21 }, 600_000],
    ["one host blocked", { blockedHosts: [blocked("hiro", 3_000_000)] }, 600_000],
    [
      "every host blocked, the first for 20 minutes",
      { blockedHosts: [blocked("hiro", 3_000_000), blocked("mempool", 1_200_000)] },
      1_200_000,
    ],
    ["every host blocked for a moment", { blockedHosts: [blocked("hiro", 5_000), blocked("mempool", 5_000)] }, 600_000],
    ["one failed commit", { failedCommits: 1 }, 120_000],
    ["two failed commits in a row", { failedCommits: 2 }, 600_000],
    ["a budget that asks for more", { pace: { ms: 900_000, host: "hiro" } }, 900_000],
    ["a budget that asks for less", { pace: { ms: 5, host: "hiro" } }, 120_000],
  ])("with %s", (_name, changes, ms) => {
    expect(chooseInterval({ ...HEALTHY, ...changes }, INTERVALS).ms).toBe(ms);
  });

  it("gives its reason", () => {
    expect(chooseInterval({ ...HEALTHY, blockedHosts: [blocked("hiro", 1)] }, INTERVALS).reason).toBe(
      "hiro is blocked",
    );
  });
});

describe("toAlarmTime", () => {
  it("is at least a second ahead, whatever the interval", () => {
    fc.assert(
      fc.property(fc.double(), (intervalMs) => {
        const at = toAlarmTime(NOW, intervalMs);
        return Number.isFinite(at) && at >= NOW + MIN_ALARM_AHEAD_MS;
      }),
    );
    expect(toAlarmTime(NOW, -60_000)).toBe(NOW + MIN_ALARM_AHEAD_MS);
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

describe("toStaleAfter", () => {
  it("is three rotations, and at least half an hour", () => {
    expect(toStaleAfter(NOW, { agents: 430, chunkSize: 100, intervalMs: 120_000 }) - NOW).toBe(3 * 5 * 120_000);
    expect(toStaleAfter(NOW, { agents: 430, chunkSize: 100, intervalMs: 600_000 }) - NOW).toBe(3 * 5 * 600_000);
    expect(toStaleAfter(NOW, { agents: 4, chunkSize: 100, intervalMs: 1_000 }) - NOW).toBe(30 * 60_000);
  });
});

const HEALTHY: TickHealth = {
  nowMs: NOW,
  calls: 200,
  failedCalls: 0,
  blockedHosts: [],
  balanceHosts: 2,
  failedCommits: 0,
  pace: { ms: 0, host: null },
};

function blocked(host: "hiro" | "mempool", forMs: number) {
  return { host, notBefore: NOW + forMs };
}
