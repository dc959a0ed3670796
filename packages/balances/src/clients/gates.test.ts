import { describe, expect, it } from "vitest";
import { NO_BUDGETS } from "../../test/rig.ts";
import { createGates, FORGET_ERROR_AFTER_MS, type Gates, GOOD_ANSWERS_TO_FORGET } from "./gates.ts";
import { type BudgetHost, HOST_NAMES, type HostName, type HostState, NEW_HOST } from "./hosts.ts";

const NOW = Date.parse("2026-11-16T00:00:00Z"); // half of the month has passed
const NEXT_MONTH = Date.parse("2026-12-01T00:00:00Z");
const NONE = new Headers();

describe("a gate", () => {
  it("is closed by a 429 for as long as the host says, and then opens by itself", () => {
    const { gates, clock } = rig();
    gates.recordRateLimit("hiro", 5, new Headers({ "retry-after": "60" }));
    expect(gates.opensAt("hiro")).toBe(NOW + 60_000);
    clock.nowMs += 59_999;
    expect(gates.admit("hiro")).toBe(false);
    clock.nowMs += 1;
    expect(gates.isClosed("hiro")).toBe(false);
    expect(gates.admit("hiro")).toBe(true);
  });

  it("is closed until the next slow tick by a host that does not say for how long", () => {
    const { gates } = rig();
    gates.recordRateLimit("hiro", 5, NONE);
    expect(gates.opensAt("hiro")).toBe(NOW + 600_000);
  });

  it("is never closed by failures, however many", () => {
    const { gates } = rig();
    for (let failure = 0; failure < 1_000; failure++) gates.recordFailure("hiro", 5, "http-error 500");
    expect(gates.admit("hiro")).toBe(true);
    expect(gates.end().counts.hiro).toMatchObject({ failed: 1_000 });
  });

  it("stays closed for the longest of several 429s", () => {
    const { gates } = rig();
    for (const seconds of [10, 300, 20]) {
      gates.recordRateLimit("hiro", 5, new Headers({ "retry-after": `${seconds}` }));
    }
    expect(gates.opensAt("hiro")).toBe(NOW + 300_000);
  });

  it("is remembered from tick to tick until its time has come", () => {
    const { gates } = rig();
    gates.recordRateLimit("mempool", 5, new Headers({ "retry-after": "60" }));
    const { states } = gates.end();
    expect(rig({ states, nowMs: NOW + 59_000 }).gates.isClosed("mempool")).toBe(true);
    const later = rig({ states, nowMs: NOW + 60_000 }).gates;
    expect(later.isClosed("mempool")).toBe(false);
    expect(later.end().states.mempool.notBefore).toBeNull();
  });

  it("is open when its time is further ahead than any host may say: the clock was set back, or an older release said it", () => {
    const states = { hiro: state({ notBefore: NOW + 3_600_001 }), mempool: state({ notBefore: NOW + 3_600_000 }) };
    const { gates } = rig({ states });
    expect(gates.isClosed("hiro")).toBe(false);
    expect(gates.isClosed("mempool")).toBe(true);
  });

  it("is one for mempool.space's addresses and another for its prices: a 429 to an address closes both, to a price its own", () => {
    const addresses = rig().gates;
    addresses.recordRateLimit("mempool", 5, new Headers({ "retry-after": "60" }));
    expect(closed(addresses)).toEqual(["mempool", "mempool-prices"]);
    expect(addresses.end().counts["mempool-prices"].rateLimited).toBe(0);
    const prices = rig().gates;
    prices.recordRateLimit("mempool-prices", 5, new Headers({ "retry-after": "60" }));
    expect(closed(prices)).toEqual(["mempool-prices"]);
  });

  it("is none of another host's", () => {
    for (const host of HOST_NAMES.filter((name) => name !== "mempool")) {
      const { gates } = rig();
      gates.recordRateLimit(host, 5, NONE);
      expect(closed(gates)).toEqual([host]);
    }
  });
});

describe("a monthly budget", () => {
  it("closes its host's gate when it is spent, until the month ends, and says so", () => {
    const { gates, clock } = rig({ monthlyBudgets: { hiro: 2 } });
    expect([gates.admit("hiro"), gates.admit("hiro"), gates.admit("hiro")]).toEqual([true, true, false]);
    expect(gates.opensAt("hiro")).toBe(NEXT_MONTH);
    expect(gates.end().states.hiro).toMatchObject({
      notBefore: null,
      lastError: { what: "the monthly budget is spent", at: NOW },
      use: { month: "2026-11", calls: 2 },
    });
    clock.nowMs = NEXT_MONTH;
    expect(gates.admit("hiro")).toBe(true);
  });

  it("counts at once when an operator raises it", () => {
    const spent = rig({ monthlyBudgets: { hiro: 1 } }).gates;
    spent.admit("hiro");
    expect(spent.admit("hiro")).toBe(false);
    const { states } = spent.end();
    expect(rig({ states, monthlyBudgets: { hiro: 1 } }).gates.isClosed("hiro")).toBe(true);
    expect(rig({ states, monthlyBudgets: { hiro: 2 } }).gates.isClosed("hiro")).toBe(false);
  });

  it("is one for mempool.space's addresses and prices", () => {
    const { gates } = rig({ monthlyBudgets: { mempool: 1 } });
    expect(gates.admit("mempool")).toBe(true);
    expect(closed(gates)).toEqual(["mempool", "mempool-prices"]);
    expect(gates.admit("mempool-prices")).toBe(false);
  });

  it("skips a price host that is ahead of the month, without closing its gate; a balance host goes on", () => {
    const use = { month: "2026-11", calls: 80 }; // of 100, with half of the month to go
    const states = { coingecko: state({ use }), hiro: state({ use }), mempool: state({ use }) };
    const { gates, clock } = rig({ states, monthlyBudgets: { coingecko: 100, hiro: 100, mempool: 100 } });
    expect([gates.admit("coingecko"), gates.admit("mempool-prices")]).toEqual([false, false]);
    expect([gates.admit("hiro"), gates.admit("mempool")]).toEqual([true, true]);
    expect(closed(gates)).toEqual([]);
    expect(gates.end().states.coingecko.lastError).toBeNull();
    clock.nowMs = Date.parse("2026-11-25T00:00:00Z"); // four fifths
    expect(gates.admit("coingecko")).toBe(true);
  });
});

describe("the last error of a host", () => {
  it("outlives good answers until a hundred have come", () => {
    const { gates } = rig();
    gates.recordFailure("hiro", 5, "http-error 503");
    for (let good = 1; good < GOOD_ANSWERS_TO_FORGET; good++) gates.recordSuccess("hiro", 5, NONE);
    const { states } = gates.end();
    const next = rig({ states }).gates;
    expect(next.end().states.hiro.lastError).toMatchObject({ what: "http-error 503", at: NOW });
    next.recordSuccess("hiro", 5, NONE);
    expect(rig({ states: next.end().states }).gates.end().states.hiro.lastError).toBeNull();
  });

  it("is forgotten after an hour", () => {
    const { gates } = rig();
    gates.recordFailure("hiro", 5, "timeout");
    const { states } = gates.end();
    const after = (ms: number) => rig({ states, nowMs: NOW + ms }).gates.end().states.hiro.lastError;
    expect(after(FORGET_ERROR_AFTER_MS - 1)).not.toBeNull();
    expect(after(FORGET_ERROR_AFTER_MS)).toBeNull();
  });

  it("begins its hundred anew with every failure", () => {
    const { gates } = rig();
    gates.recordFailure("hiro", 5, "timeout");
    for (let good = 0; good < 99; good++) gates.recordSuccess("hiro", 5, NONE);
    gates.recordFailure("hiro", 5, "network");
    expect(gates.end().states.hiro.lastError).toEqual({ what: "network", at: NOW, goodSince: 0 });
  });
});

describe("what a host says of its quota", () => {
  it("is kept, bounded in number and length", () => {
    const headers = new Headers(Array.from({ length: 40 }, (_, n) => [`x-ratelimit-${n}`, "9".repeat(1_000)]));
    headers.set("warning", `299 - ${"deprecated ".repeat(100)}`);
    const { gates } = rig();
    gates.recordSuccess("hiro", 5, headers);
    const { quota, deprecationSeen } = gates.end().states.hiro;
    expect(Object.keys(quota).length).toBe(16);
    expect(Math.max(...Object.values(quota).map(({ length }) => length))).toBe(200);
    expect(deprecationSeen?.length).toBe(200);
  });
});

interface RigOptions {
  states?: Partial<Record<HostName, HostState>>;
  monthlyBudgets?: Partial<Record<BudgetHost, number>>;
  nowMs?: number;
}

function rig({ states = {}, monthlyBudgets, nowMs = NOW }: RigOptions = {}) {
  const clock = { nowMs, now: () => clock.nowMs, after: () => () => {} };
  const budgets = { ...NO_BUDGETS, ...monthlyBudgets };
  return { clock, gates: createGates({ states, clock, closedMs: 600_000, monthlyBudgets: budgets }) };
}

function closed(gates: Gates): HostName[] {
  return HOST_NAMES.filter((host) => gates.isClosed(host));
}

function state(changes: Partial<HostState>): HostState {
  return { ...NEW_HOST, ...changes };
}
