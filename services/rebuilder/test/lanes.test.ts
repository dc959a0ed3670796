import { SBTC_ASSET_ID, type UpstreamCall } from "@standings/upstream-sim";
import { beforeEach, describe, expect, it } from "vitest";
import type { TickReport } from "../src/contract/status.ts";
import { makeAgents, toRosterText } from "./agents.ts";
import { readBalances, readGoodAt, readRanking, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isAbout, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

beforeEach(wipeDatabase);

describe("a rotation", () => {
  it("covers 430 agents in five even ticks within the budget, both lanes at one place, and starts again", async () => {
    const rig = createRig(makeAgents(430));
    const reports = await rig.alarms(6);
    expect(reports.map(({ agents }) => agents)).toEqual([86, 86, 86, 86, 86, 86]);
    expect(reports.map(({ lanes }) => lanes.stacks.rotation)).toEqual([1, 1, 1, 1, 1, 2]);
    for (const { lanes, subrequests } of reports) {
      expect(lanes.bitcoin).toEqual(lanes.stacks);
      expect(subrequests).toBeLessThanOrEqual(250);
    }
    expect(rig.upstream.maxInFlight).toBeLessThanOrEqual(6);
    expect(reports[4]?.lanes.stacks.cursorAfter).toBe("");
    expect((await readRanking()).length).toBe(430);
  });

  it("takes 92 of 1,005 agents at a time, sooner than the ordinary interval", async () => {
    const rig = createRig(makeAgents(1_005));
    const report = await rig.alarm();
    expect(report).toMatchObject({ agents: 92, nextIntervalMs: 54_545 });
    expect((await rig.status()).lanes.stacks).toMatchObject({ processed: 92, total: 1_005, etaMs: 10 * 54_545 });
  });

  it("skips nobody whose listing lasts while others come, go and change places", async () => {
    const all = makeAgents(60);
    const staying = all.filter((_, index) => index % 3 === 0);
    const lists = [all, [...all].reverse(), all.filter((_, index) => index % 5 !== 4 || index % 3 === 0)];
    const rig = createRig(all, { vars: { CHUNK_SIZE: "7", ROSTER_MAX_AGE_MS: "1" } });
    for (let round = 0; round < 6; round++) {
      const attempted = new Set<string>();
      const [first] = await rig.alarms(1);
      let report = first as TickReport;
      for (;;) {
        for (const call of rig.upstream.calls) if (isAbout("stacks", call)) attempted.add(call.address ?? "");
        if (report.lanes.stacks.cursorAfter === "") break;
        rig.roster = toRosterText(lists[(round + attempted.size) % lists.length] ?? all);
        report = await rig.alarm();
      }
      for (const { stxAddress } of staying) expect(attempted).toContain(stxAddress);
    }
  });

  it("is followed by the next at once when the roster loses everybody after the cursor", async () => {
    const agents = makeAgents(20);
    const rig = createRig(agents, { vars: { CHUNK_SIZE: "16", ROSTER_MAX_AGE_MS: "1" } });
    await rig.alarms(1);
    expect(rig.state().place?.stacks.cursor).toBe(agents[9]?.stxAddress);
    rig.roster = toRosterText(agents.slice(0, 10));
    // A much smaller roster is believed only with an operator's word.
    await rig.alarm();
    await rig.accept((await rig.status()).holds[0]?.id ?? "");
    const reports = await rig.alarms(2);
    expect(reports.map(({ lanes }) => [lanes.stacks.rotation, lanes.stacks.asked])).toEqual([
      [2, 10],
      [3, 10],
    ]);
  });
});

describe("lanes that part", () => {
  const vars = { CHUNK_SIZE: "10" };

  it("go on at their own places, each agent asked from where its lane stands", async () => {
    const rig = createRig(makeAgents(50), { vars });
    rig.upstream.intercept = gateHiroAfter(4, MINUTE_MS * 5);
    const first = await rig.alarm();
    expect(toCursors(rig, first)).toEqual({ stacks: 3, bitcoin: 9 });
    const second = await rig.alarm();
    expect(toCursors(rig, second)).toEqual({ stacks: 3, bitcoin: 19 });
    expect(second.lanes.stacks.asked).toBe(0);
    expect(second).toMatchObject({ agents: 10, nextIntervalMs: 2 * MINUTE_MS });
    const status = await rig.status();
    expect(status.lanes.stacks.waitsFor).toContain("its host's gate, until 2026-11-22T12:05");
    expect(status.intervalReason).toBe("stacks waits for its host's gate; the other lane goes on");
  });

  // Of five ticks a rotation, Stacks has three before it when it is held up.
  it.each([
    [1, { stacks: 0, bitcoin: 1 }],
    [2, { stacks: 0, bitcoin: 2 }],
    [3, { stacks: 0, bitcoin: 3 }],
    [4, { stacks: 1, bitcoin: 0 }],
    [5, { stacks: 0, bitcoin: 0 }],
    [7, { stacks: 0, bitcoin: 2 }],
    [9, { stacks: 1, bitcoin: 0 }],
  ])(
    "are together again within a rotation after %i ticks apart, for which one waits: %j",
    async (ticksApart, waits) => {
      const rig = createRig(makeAgents(50), { vars });
      await rig.alarms(2);
      rig.upstream.intercept = gateHiroAfter(0, ticksApart * 2 * MINUTE_MS - MINUTE_MS);
      await rig.alarms(ticksApart);
      const reports = await rig.alarms(10);
      expect(countIdle(reports)).toEqual(waits);
      expect(reports.slice(5).filter(isApart)).toEqual([]);
    },
  );

  it("go on after less than a rotation when the other does not get on", async () => {
    const rig = createRig(makeAgents(50), { vars });
    await rig.alarms(2);
    rig.upstream.intercept = (call) => (isAbout("stacks", call) ? respond(429, { "retry-after": "1" }) : undefined);
    const reports = await rig.alarms(3 + 4 + 5);
    const asked = reports.map(({ lanes }) => lanes.bitcoin.asked);
    expect(asked).toEqual([10, 10, 10, 0, 0, 0, 0, 10, 10, 10, 10, 10]);
  });

  it("begin together where the other has only begun, rather than wait for it", async () => {
    const rig = createRig(makeAgents(50), { vars });
    rig.upstream.intercept = gateHiroAfter(0, 9 * MINUTE_MS);
    await rig.alarms(5); // all of a rotation, for Bitcoin
    const reports = await rig.alarms(5);
    expect(countIdle(reports)).toEqual({ stacks: 0, bitcoin: 0 });
    expect(reports.filter(isApart)).toEqual([]);
  });

  it("do not wait for one that rests or whose host said to wait", async () => {
    const rig = createRig(makeAgents(50), { vars });
    rig.upstream.intercept = gateHiroAfter(4, 59 * MINUTE_MS);
    const reports = await rig.alarms(20);
    expect(reports.map(({ lanes }) => lanes.bitcoin.asked)).toEqual(reports.map(() => 10));
    expect(reports.at(-1)?.lanes.bitcoin.rotation).toBe(4);
  });

  it("share six connections: each has three while the other has agents left, and the rest after", async () => {
    const rig = createRig(makeAgents(40));
    const inFlight = { now: 0, whileShared: 0, after: 0 };
    let bitcoinAsked = 0;
    rig.latency = ({ url }) => {
      if (url.includes("mempool")) bitcoinAsked++;
      if (!url.includes("hiro")) return 100;
      inFlight.now++;
      const phase = bitcoinAsked < 40 ? "whileShared" : "after";
      inFlight[phase] = Math.max(inFlight[phase], inFlight.now);
      void rig.sleep(1_000).then(() => inFlight.now--);
      return 1_000;
    };
    await rig.alarm();
    expect(inFlight).toEqual({ now: 0, whileShared: 3, after: 6 });
  });
});

describe("whom a 429 left out", () => {
  it("comes first next time, and nobody starves at 25 calls a lane and tick", async () => {
    const agents = makeAgents(120);
    const rig = createRig(agents);
    const waits = { longest: 0, last: new Map(agents.map(({ stxAddress }) => [stxAddress, 0])) };
    for (let tick = 1; tick <= 30; tick++) {
      const calls = { hiro: 0, mempool: 0 };
      rig.upstream.intercept = ({ host, address }) => {
        if ((host !== "hiro" && host !== "mempool") || !address) return undefined;
        return ++calls[host] > 25 ? respond(429, { "retry-after": "1" }) : undefined;
      };
      const cursor = rig.state().place?.stacks.cursor ?? "";
      const { outcome, lanes } = await rig.alarm();
      expect(outcome).toBe("committed");
      expect(lanes.stacks.asked).toBeGreaterThan(0);
      const [firstAsked] = rig.upstream.calls.filter((call) => isAbout("stacks", call));
      expect(firstAsked?.address).toBe(agents.find(({ stxAddress }) => stxAddress > cursor)?.stxAddress);
      for (const { stxAddress } of agents) {
        const { cursorAfter } = lanes.stacks;
        if (stxAddress <= cursor || (cursorAfter !== "" && stxAddress > cursorAfter)) continue;
        waits.longest = Math.max(waits.longest, tick - (waits.last.get(stxAddress) ?? 0));
        waits.last.set(stxAddress, tick);
      }
    }
    expect(waits.longest).toBeLessThanOrEqual(6); // 120 agents at 25 a tick, and the one that hits the limit
  });
});

describe("Hiro's generations", () => {
  it("change to v3 when v1 is gone, in smaller chunks within the budget, and back to v1 once a day", async () => {
    const agents = makeAgents(200);
    const rig = createRig(agents);
    giveCoins(rig, agents);
    const [first] = agents;
    rig.holdings.tokens.set(first?.stxAddress ?? "", { [SBTC_ASSET_ID]: "5" });
    rig.upstream.faults.set([{ kind: "410", host: "hiro", pathPrefix: "/extended/v1/" }]);
    const reports = await rig.alarms(6);
    for (const { subrequests, failed } of reports) {
      expect(subrequests).toBeLessThanOrEqual(250);
      expect(failed).toBe(0);
    }
    for (const { lanes } of reports.slice(1)) {
      expect(lanes.stacks.asked).toBeLessThanOrEqual(50);
      expect(lanes.stacks.asked).toBeGreaterThan(40);
    }
    expect((await rig.status()).hiroApi).toEqual({ version: "v3", since: reports[0]?.startedAt });
    expect((await readBalances())[first?.stxAddress ?? ""]).toMatchObject({ stx: "1000000", sbtc: "5" });
    expect(rig.upstream.calls.filter(({ path }) => path.includes("/v1/address/"))).toEqual([]);
    rig.nowMs = (reports[0]?.startedAt ?? 0) + DAY_MS;
    await rig.alarm(); // v1 is still gone: asked once, and not again for a day
    await rig.alarm();
    expect(rig.upstream.calls.filter(({ path }) => path.includes("/v1/address/"))).toEqual([]);
    rig.upstream.faults.set([]);
    rig.nowMs += DAY_MS;
    await rig.alarm();
    expect((await rig.status()).hiroApi.version).toBe("v1");
  });
});

it("keeps every agent fresh on both lanes for the hours of an ordinary board", async () => {
  const rig = createRig(makeAgents(30), { vars: { CHUNK_SIZE: "10", ALARM_INTERVAL_ACTIVE_MS: "600000" } });
  await rig.run(2 * 60);
  for (const lane of ["stacks", "bitcoin"] as const) {
    const oldest = Math.min(...(await readGoodAt(lane)).values());
    expect(oldest).toBeGreaterThanOrEqual(rig.nowMs - 3 * 10 * MINUTE_MS - MINUTE_MS);
  }
});

/** A lane that has ended stands where the other begins, too. */
function isApart({ lanes: { stacks, bitcoin } }: TickReport): boolean {
  return stacks.cursorAfter !== bitcoin.cursorAfter;
}

/** Ticks in which a lane asked nobody. */
function countIdle(reports: readonly TickReport[]): Record<"stacks" | "bitcoin", number> {
  const count = (lane: "stacks" | "bitcoin") => reports.filter(({ lanes }) => lanes[lane].asked === 0).length;
  return { stacks: count("stacks"), bitcoin: count("bitcoin") };
}

function toCursors(rig: Rig, { lanes }: TickReport): Record<"stacks" | "bitcoin", number> {
  const at = (cursor: string) => rig.agents.findIndex(({ stxAddress }) => stxAddress === cursor);
  return { stacks: at(lanes.stacks.cursorAfter), bitcoin: at(lanes.bitcoin.cursorAfter) };
}

/** Hiro answers so many agents, then says once how long to leave it alone. */
function gateHiroAfter(calls: number, ms: number) {
  let asked = 0;
  return (call: UpstreamCall) =>
    isAbout("stacks", call) && ++asked === calls + 1 ? respond(429, { "retry-after": String(ms / 1_000) }) : undefined;
}
