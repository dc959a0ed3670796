import { beforeEach, describe, expect, it } from "vitest";
import type { Lane } from "../src/contract/freshness.ts";
import type { TickReport } from "../src/contract/status.ts";
import { makeAgents } from "./agents.ts";
import { readErrors, readGoodAt, readRanking, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isAbout, type Rig } from "./rig.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const agents = makeAgents(16);
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents);
  giveCoins(rig, agents);
  await rig.alarm();
});

/** One alarm. @returns the report of its tick; undefined = it took the object down */
async function fire(): Promise<TickReport | undefined> {
  const before = rig.logs.length;
  await rig.fire();
  const line = rig.logs.slice(before).find(({ event }) => event === "tick.ended");
  return line?.fields as TickReport | undefined;
}

async function fires(minutes: number): Promise<(TickReport | undefined)[]> {
  const reports: (TickReport | undefined)[] = [];
  for (const until = rig.nowMs + minutes * MINUTE_MS; rig.nowMs < until; ) reports.push(await fire());
  return reports;
}

function crashOn(lane: Lane, poison: readonly number[]): void {
  const addresses = new Set(poison.map((index) => agents[index]?.[lane === "stacks" ? "stxAddress" : "btcAddress"]));
  rig.upstream.intercept = (call) => (isAbout(lane, call) && addresses.has(call.address) ? rig.crash() : undefined);
}

describe("ticks that take the object down", () => {
  it("leave the watchdog's alarm, and are counted by the status", async () => {
    crashOn("stacks", [8]);
    expect(await fire()).toBeUndefined();
    expect(rig.storage.alarmAt).toBe(rig.nowMs + 3 * MINUTE_MS);
    expect((await rig.status()).crashes.count).toBe(1);
    await fire();
    expect((await rig.status()).crashes.count).toBe(2);
  });

  it("three times at one place are followed by one lane at a time, so that the other goes on", async () => {
    crashOn("stacks", [8]);
    for (let crash = 0; crash < 3; crash++) expect(await fire()).toBeUndefined();
    const asked: { stacks: number; bitcoin: number }[] = [];
    for (let tick = 0; tick < 8; tick++) {
      const report = await fire();
      if (report) asked.push({ stacks: report.lanes.stacks.asked, bitcoin: report.lanes.bitcoin.asked });
    }
    expect(asked.length).toBeGreaterThanOrEqual(4);
    for (const { stacks, bitcoin } of asked) {
      expect(Math.min(stacks, bitcoin)).toBe(0);
      if (bitcoin > 0) expect(bitcoin).toBe(16); // never halved: its ticks end
    }
  });

  it("at a host that comes back leave nobody marked and nobody passed over", async () => {
    rig.upstream.intercept = (call) => (isAbout("stacks", call) || isAbout("bitcoin", call) ? rig.crash() : undefined);
    expect((await fires(4 * 60)).filter((report) => report !== undefined)).toEqual([]);
    expect([await readErrors("stacks"), await readErrors("bitcoin")]).toEqual([{}, {}]);
    rig.upstream.intercept = () => undefined;
    const endedAt = rig.nowMs;
    await fires(25);
    expect((await rig.status()).crashes).toEqual({ count: 0, passedOver: [] });
    for (const lane of ["stacks", "bitcoin"] as const) {
      expect(Math.min(...(await readGoodAt(lane)).values())).toBeGreaterThan(endedAt);
    }
    expect(await fire()).toMatchObject({ lanes: { stacks: { asked: 16 }, bitcoin: { asked: 16 } } });
  });
});

describe.each(["stacks", "bitcoin"] as const)("agents whose answers bring the tick down (%s)", (lane) => {
  const poison = [3, 8, 13];
  const addresses = poison.map((index) => agents[index]?.stxAddress);

  it("are found once, passed over for a day, and cost nobody else a rotation after that", async () => {
    crashOn(lane, poison);
    const found = await fires(150);
    expect(found.filter((report) => report === undefined).length).toBeLessThanOrEqual(3 + 3 * 5);
    const { passedOver } = (await rig.status()).crashes;
    expect(passedOver.map((one) => [one.lane, one.address]).sort()).toEqual(addresses.map((one) => [lane, one]));
    const later = await fires(60);
    expect(later.filter((report) => report === undefined)).toEqual([]);
    for (const report of later) expect(report?.lanes[lane]).toMatchObject({ asked: 16, failed: 3 });
    expect(await readErrors(lane)).toEqual(Object.fromEntries(addresses.map((one) => [one, "unfinished"])));
    expect((await readRanking()).length).toBe(16); // on what was last good of them
    const others = [...(await readGoodAt(lane))].filter(([address]) => !addresses.includes(address));
    expect(Math.min(...others.map(([, at]) => at))).toBeGreaterThan(rig.nowMs - 5 * MINUTE_MS);
  });

  it("are asked again after a day, and are well when what brought the tick down is mended", async () => {
    crashOn(lane, [8]);
    await fires(120);
    expect((await rig.status()).crashes.passedOver.length).toBe(1);
    rig.upstream.intercept = () => undefined;
    rig.nowMs += DAY_MS;
    await fires(5);
    expect((await rig.status()).crashes.passedOver).toEqual([]);
    expect(await readErrors(lane)).toEqual({});
  });
});

it("a crash now and then, each at another place, changes nothing", async () => {
  rig.vars.CHUNK_SIZE = "4";
  for (let round = 0; round < 10; round++) {
    rig.upstream.intercept = (call) => {
      if (!isAbout("stacks", call)) return undefined;
      rig.upstream.intercept = () => undefined;
      return rig.crash();
    };
    expect(await fire()).toBeUndefined();
    const report = await fire();
    expect(report).toMatchObject({ outcome: "committed", lanes: { stacks: { asked: 4 }, bitcoin: { asked: 4 } } });
  }
  expect((await rig.status()).crashes).toEqual({ count: 0, passedOver: [] });
});
