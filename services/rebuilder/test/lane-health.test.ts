import type { UpstreamCall } from "@standings/upstream-sim";
import { beforeEach, describe, expect, it } from "vitest";
import type { Lane } from "../src/contract/freshness.ts";
import { BAD_ANSWERS_TO_REST, PROBES_PER_TICK } from "../src/safeguards/lane-health.ts";
import { makeAgents } from "./agents.ts";
import { readBalances, readErrors, readGoodAt, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isAbout, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const ACTIVE_MS = 2 * MINUTE_MS;
const IDLE_MS = 10 * MINUTE_MS;
const agents = makeAgents(60);
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents);
  giveCoins(rig, agents);
});

describe("a lane whose host breaks down", () => {
  it.each(["stacks", "bitcoin"] as const)(
    "rests after ten bad answers in a row, which are the host's (%s)",
    async (lane) => {
      await rig.alarm();
      fail(lane);
      const report = await rig.alarm();
      expect(askedOf(lane)).toBeLessThanOrEqual(BAD_ANSWERS_TO_REST + 2); // those under way are answered too
      expect(report.lanes[lane]).toMatchObject({ asked: 0, failed: 0, cursorAfter: "" });
      expect(await readErrors(lane)).toEqual({});
      expect((await rig.status()).lanes[lane]).toMatchObject({
        health: "resting",
        why: "http-error 502",
        until: rig.nowMs + IDLE_MS,
      });
      expect(report.notes).toEqual([`the ${lane} lane stopped: the lane rests: http-error 502`]);
    },
  );

  it.each([400, 404, 422])("rests when it refuses everybody with %i, too", async (status) => {
    await rig.alarm();
    fail("stacks", status);
    await rig.alarm();
    expect((await rig.status()).lanes.stacks.health).toBe("resting");
    expect(await readErrors("stacks")).toEqual({});
  });

  it("keeps the answers before the ten, and comes back to the first of these", async () => {
    let asked = 0;
    rig.upstream.intercept = (call) => (isAbout("bitcoin", call) && ++asked > 20 ? respond(502) : undefined);
    const { lanes } = await rig.alarm();
    // A bad answer that comes before a good one that was under way is no part of the row.
    expect(lanes.bitcoin.asked - lanes.bitcoin.failed).toBe(20);
    expect(lanes.bitcoin.failed).toBeLessThanOrEqual(2);
    expect(lanes.bitcoin.cursorAfter).toBe(agents[lanes.bitcoin.asked - 1]?.stxAddress);
    rig.upstream.intercept = () => undefined;
    rig.nowMs += IDLE_MS;
    expect((await rig.alarm()).lanes.bitcoin).toMatchObject({ asked: 60 - lanes.bitcoin.asked, cursorAfter: "" });
  });

  it("leaves the other lane at full speed, and its reason says which one rests", async () => {
    await rig.alarm();
    fail("stacks");
    for (const report of await rig.alarms(10)) {
      expect(report).toMatchObject({ outcome: "committed", nextIntervalMs: ACTIVE_MS });
      expect(report.lanes.bitcoin).toMatchObject({ asked: 60, failed: 0 });
    }
    const status = await rig.status();
    expect(status.intervalReason).toBe("stacks rests; the other lane goes on");
    expect(Math.min(...(await readGoodAt("bitcoin")).values())).toBeGreaterThan(rig.nowMs - 5 * MINUTE_MS);
  });

  it("makes ticks slow only together with the other", async () => {
    await rig.alarm();
    fail("stacks");
    const calls = rig.upstream.intercept;
    rig.upstream.intercept = (call) => (isAbout("bitcoin", call) ? respond(500) : calls(call));
    await rig.alarm();
    const { nextIntervalMs } = await rig.alarm();
    expect(nextIntervalMs).toBe(IDLE_MS);
    expect((await rig.status()).intervalReason).toBe("neither lane can ask: stacks rests, bitcoin rests");
  });
});

describe("a lane after its rest", () => {
  it("asks three agents one at a time, and rests again when none is answered", async () => {
    await rig.alarm();
    fail("stacks");
    await rig.alarm();
    rig.nowMs += IDLE_MS;
    rig.upstream.maxInFlightOf.hiro = 0;
    await rig.alarm();
    expect(askedOf("stacks")).toBe(PROBES_PER_TICK);
    expect(rig.upstream.maxInFlightOf.hiro).toBe(1);
    const status = await rig.status();
    expect(status.lanes.stacks).toMatchObject({ health: "resting", until: rig.nowMs + IDLE_MS });
  });

  it("is asked at most three times a rest, whatever the other lane does", async () => {
    await rig.alarm();
    fail("stacks");
    await rig.alarm();
    let asked = 0;
    for (const until = rig.nowMs + 6 * IDLE_MS; rig.nowMs < until; ) {
      await rig.alarm();
      asked += askedOf("stacks");
    }
    expect(asked).toBeLessThanOrEqual(6 * PROBES_PER_TICK);
    expect(asked).toBeGreaterThanOrEqual(5 * PROBES_PER_TICK);
  });

  it("is well with the first answer, and goes on at once with everybody", async () => {
    await rig.alarm();
    fail("stacks");
    await rig.alarm();
    rig.upstream.intercept = () => undefined;
    rig.nowMs += IDLE_MS;
    const report = await rig.alarm();
    expect(report.lanes.stacks).toMatchObject({ asked: 60, failed: 0, cursorAfter: "" });
    expect((await rig.status()).lanes.stacks).toMatchObject({ health: "well", why: null, until: null });
  });

  it("has its amounts as they were before, and takes the new ones then", async () => {
    await rig.alarm();
    const before = await readBalances();
    fail("stacks");
    for (const { stxAddress } of agents) rig.holdings.stx.set(stxAddress, 5);
    await rig.alarms(3);
    expect(await readBalances()).toEqual(before);
    rig.upstream.intercept = () => undefined;
    await rig.run(25);
    for (const tokens of Object.values(await readBalances())) expect(tokens.stx).toBe("5");
  });
});

describe("agents that fail by themselves", () => {
  it("are failures of theirs while others are answered", async () => {
    const bad = agents.filter((_, index) => index % 7 === 0).map(({ stxAddress }) => stxAddress);
    rig.upstream.intercept = ({ host, address }) =>
      host === "hiro" && bad.includes(address ?? "") ? respond(500) : undefined;
    const report = await rig.alarm();
    expect(report.lanes.stacks).toMatchObject({ asked: 60, failed: bad.length });
    expect(Object.keys(await readErrors("stacks")).sort()).toEqual(bad);
    expect((await rig.status()).lanes.stacks.health).toBe("well");
  });

  it("rest the lane once only when they are ten neighbours: a probe elsewhere clears the host", async () => {
    const bad = agents.slice(20, 32).map(({ stxAddress }) => stxAddress);
    rig.upstream.intercept = ({ host, address }) =>
      host === "hiro" && bad.includes(address ?? "") ? respond(500) : undefined;
    rig.random = () => 0;
    await rig.alarm();
    expect((await rig.status()).lanes.stacks.health).toBe("resting");
    rig.nowMs += IDLE_MS;
    const report = await rig.alarm();
    expect(report.lanes.stacks).toMatchObject({ cursorAfter: "" });
    const later = await rig.alarms(5);
    expect(later.map(({ lanes }) => lanes.stacks.asked)).toEqual([60, 60, 60, 60, 60]);
    expect(Object.keys(await readErrors("stacks")).sort()).toEqual(bad);
  });
});

describe("a price call", () => {
  it("never moves a lane, however it fails: neither 429 nor 500 at the host that also serves addresses", async () => {
    rig.upstream.intercept = ({ host, path }) => {
      if (host === "coingecko" || path === "/v1/prices") return respond(429);
      return host === "coinbase" ? respond(500) : undefined;
    };
    for (const report of await rig.alarms(5)) {
      expect(report.lanes.bitcoin).toMatchObject({ asked: 60, failed: 0 });
      expect(report.lanes.stacks).toMatchObject({ asked: 60, failed: 0 });
    }
    const { lanes, upstreams } = await rig.status();
    expect([lanes.stacks.health, lanes.bitcoin.health]).toEqual(["well", "well"]);
    expect([upstreams.mempool?.gate, upstreams["mempool-prices"]?.gate]).toEqual(["open", "closed"]);
  });

  it("is not made where a 429 to an address has closed the host", async () => {
    rig.upstream.intercept = (call) => {
      if (isAbout("bitcoin", call)) return respond(429, { "retry-after": "3000" });
      return call.host === "coingecko" ? respond(500) : undefined; // so that a third source of BTC is wanted
    };
    await rig.alarms(3);
    const asked = (path: RegExp) =>
      rig.upstream.calls.filter(({ host, path: at }) => host === "mempool" && path.test(at));
    expect(asked(/./)).toEqual([]);
    const { upstreams } = await rig.status();
    expect([upstreams.mempool?.gate, upstreams["mempool-prices"]?.gate]).toEqual(["closed", "closed"]);
  });
});

it("keeps a host's last error for a hundred good answers or an hour, so that its cause can be seen", async () => {
  rig = createRig(makeAgents(10));
  rig.upstream.intercept = ({ address }) => (address === rig.agents[3]?.stxAddress ? respond(503) : undefined);
  const { startedAt } = await rig.alarm();
  rig.upstream.intercept = () => undefined;
  await rig.alarms(5);
  expect((await rig.status()).upstreams.hiro).toMatchObject({ lastError: "http-error 503", lastErrorAt: startedAt });
  await rig.alarms(7);
  expect((await rig.status()).upstreams.hiro).toMatchObject({ lastError: null, lastErrorAt: null });
});

describe("a monthly budget", () => {
  it("stretches the interval and is never exceeded", async () => {
    rig = createRig(makeAgents(40), {
      vars: { HIRO_MONTHLY_BUDGET: "100" },
      startMs: Date.parse("2026-11-29T00:00:00Z"),
    });
    const used: number[] = [];
    while (rig.nowMs < Date.parse("2026-11-30T23:00:00Z") && used.length < 20) {
      const report = await rig.alarm();
      used.push((await rig.status()).upstreams.hiro?.monthlyCalls ?? 0);
      expect(report.nextIntervalMs).toBeGreaterThan(ACTIVE_MS);
    }
    expect(Math.max(...used)).toBeLessThanOrEqual(100);
    expect(Math.max(...used)).toBeGreaterThan(70);
    rig.nowMs = Date.parse("2026-12-01T00:00:01Z");
    expect(await rig.alarm()).toMatchObject({ agents: 40, failed: 0 });
  });

  it("of a price host has it skipped when it is over its pace, and stretches nothing", async () => {
    rig = createRig(makeAgents(5), {
      vars: { COINGECKO_MONTHLY_BUDGET: "30" },
      startMs: Date.parse("2026-11-01T00:00:00Z"),
    });
    const reports = await rig.alarms(20);
    expect(reports.every(({ nextIntervalMs }) => nextIntervalMs === ACTIVE_MS)).toBe(true);
    const { upstreams, prices } = await rig.status();
    expect(upstreams.coingecko?.monthlyCalls).toBe(11);
    expect(prices["btc-l1"]?.ageSeconds).toBeLessThan(60);
  });
});

function fail(lane: Lane, status = 502): void {
  rig.upstream.intercept = (call: UpstreamCall) => (isAbout(lane, call) ? respond(status) : undefined);
}

const askedOf = (lane: Lane) => rig.upstream.calls.filter((call) => isAbout(lane, call)).length;
