import "./remembered.ts";
import { isCounted } from "@standings/balances";
import { describe, expect, it } from "vitest";
import { readFreshness } from "./freshness-watch.ts";
import { happen } from "./happen.ts";
import { describeIllness } from "./illness.ts";
import { POPULATION } from "./population.ts";
import { type Mode, SERVICES, type Service } from "./upstream-modes.ts";
import { World } from "./world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LANE_SERVICES = { stacks: "hiro", bitcoin: "mempool" } as const;
const PRICE_SERVICES = ["coingecko", "coinbase", "mempool-prices"] as const;

describe("a host that says 429 for three days", () => {
  it("is asked once a tick at most, and everything is as before within two ticks of its recovery", async () => {
    const world = await createHealthyWorld();
    const before = readBoard(world);
    for (const service of ["hiro", "mempool"] as const) world.upstreams.modes[service] = "429";
    await world.advance(HOUR_MS);
    const { hiro, mempool } = { ...world.upstreams.callsOf };
    const commits = world.database.tables.commits.size;
    await world.advance(72 * HOUR_MS);
    const ticks = world.database.tables.commits.size - commits;
    expect(ticks).toBeGreaterThan(100);
    expect(world.upstreams.callsOf.hiro - hiro).toBeLessThanOrEqual(3 * ticks);
    expect(world.upstreams.callsOf.mempool - mempool).toBeLessThanOrEqual(3 * ticks);
    expect(readBoard(world)).toEqual(before);
    world.heal();
    await world.advance(2 * world.config.idleMs + 10_000);
    expect(describeIllness(world)).toEqual({ illness: [], person: [] });
    expect(world.state.journal.interval.ms).toBe(world.config.activeMs);
    expect(readBoard(world)).toEqual(before);
  });
});

describe.each<Mode>(["5xx", "html", "400", "no-block", "hangs", "zeros"])("every upstream answering %s", (mode) => {
  it("is told as degraded, then as stale, changes no stored balance, and is over within two ticks", async () => {
    const world = await createHealthyWorld();
    const before = readBoard(world);
    // Zeros that the other route knows of too would be believed.
    const isWitness = (service: Service) => service === "node" || service === "blockstream";
    for (const service of SERVICES)
      world.upstreams.modes[service] = mode === "zeros" && isWitness(service) ? "5xx" : mode;
    // Longer than two ticks at the slow interval: whatever is not an answer is told by then.
    await world.advance(25 * MINUTE_MS);
    expect(readFreshness(world)?.judged.status).not.toBe("ok");
    await world.advance(20 * MINUTE_MS);
    expect(readBoard(world)).toEqual(before);
    if (mode !== "zeros") expect(readFreshness(world)?.judged.status).toBe("stale");
    else expect(world.state.holds.map((hold) => hold.kind)).toContain("fall");
    world.heal();
    await world.advance(2 * world.config.idleMs + MINUTE_MS);
    expect(describeIllness(world)).toEqual({ illness: [], person: [] });
    expect(readBoard(world)).toEqual(before);
  });
});

const TROUBLES: Mode[] = ["429", "429-later", "5xx", "400", "422", "hangs", "slow", "truncated", "flaky", "redirect"];

describe.each(["stacks", "bitcoin"] as const)("the %s lane", (lane) => {
  const other = lane === "stacks" ? "mempool" : "hiro";

  it.each(TROUBLES)("goes on at full rate while the other host and every price feed say %s", async (mode) => {
    const world = await createHealthyWorld(60, 20);
    const troubled: Service[] = [other, "blockstream", ...PRICE_SERVICES];
    for (const service of troubled) world.upstreams.modes[service] = mode;
    const begun = world.state.place?.[lane].rotation ?? 0;
    const asked = world.upstreams.callsOf[LANE_SERVICES[lane]];
    await world.advance(3 * HOUR_MS);
    // A flaky host's failures slow both down, as they should: that is a fifth of all calls and more.
    const ms = mode === "flaky" ? world.config.idleMs : world.config.activeMs;
    // One whose gate opens and closes again is waited for each time it opens, for less than a rotation.
    const share = mode === "429-later" ? 0.8 : 1;
    const rotations = (share * 3 * HOUR_MS) / (3 * ms);
    expect((world.state.place?.[lane].rotation ?? 0) - begun).toBeGreaterThanOrEqual(Math.floor(rotations) - 2);
    expect(world.upstreams.callsOf[LANE_SERVICES[lane]] - asked).toBeGreaterThanOrEqual(
      (Math.floor(rotations) - 2) * 60,
    );
    expect(world.state.lanes[lane].health).toBe("well");
  });
});

describe("an operator who does nothing for days", () => {
  it.each([["no-witness"], ["lying-witness"]])("finds no hold when all sBTC was really sold (%s)", async (setting) => {
    const world = await createHealthyWorld(12);
    const mode = setting === "no-witness" ? "5xx" : "more";
    world.upstreams.lasting = { node: mode, blockstream: mode };
    world.heal();
    await happen(world, { kind: "sell", what: "sbtc", at: 0, count: 12 });
    await world.advance(20 * MINUTE_MS);
    expect(world.state.holds.map((hold) => hold.kind)).toEqual(["fall"]);
    await world.advance(6 * HOUR_MS + 30 * MINUTE_MS);
    expect(describeIllness(world)).toEqual({ illness: [], person: [] });
    await world.advance(48 * HOUR_MS);
    expect(describeIllness(world)).toEqual({ illness: [], person: [] });
  });

  it("finds a price that doubled at the one feed left", async () => {
    const world = await createHealthyWorld(12);
    world.upstreams.lasting = { coinbase: "5xx", "mempool-prices": "5xx" };
    world.heal();
    world.upstreams.market = { BTC: 200_000, STX: 0.4 };
    await world.advance(25 * MINUTE_MS);
    expect(world.database.getPrices().map(({ priceUsd }) => priceUsd)).not.toContain(200_000);
    await world.advance(15 * MINUTE_MS);
    const prices = Object.fromEntries(world.database.getPrices().map(({ tokenId, priceUsd }) => [tokenId, priceUsd]));
    expect(prices).toEqual({ "btc-l1": 200_000, sbtc: 200_000, stx: 0.4 });
  });
});

it("ten bad neighbours, on either lane and at either end, cost nobody else anything", async () => {
  for (const lane of ["stacks", "bitcoin"] as const) {
    for (const at of [0, 17, 50]) {
      const world = await createHealthyWorld(60, 20);
      await happen(world, { kind: "bad-neighbours", lane, at, count: 10 });
      await world.advance(2 * HOUR_MS);
      await happen(world, { kind: "market", btc: 1.01, stx: 1.01 });
      for (const agent of world.roster) world.wallets.setBitcoin(agent.btcAddress, 777n);
      await world.advance(HOUR_MS);
      expect(describeIllness(world), `${lane} at ${at}`).toEqual({ illness: [], person: [] });
    }
  }
});

it("upstreams that take seven seconds a call cost agents their turn, never the tick its commit", async () => {
  const world = new World(3, { chunkSize: 100 });
  world.roster = POPULATION.slice(0, 100);
  world.upstreams.latencyMs = 7_000;
  world.start((rebuild) => rebuild.tick());
  await world.advance(120_000);
  const [first] = world.state.journal.ticks;
  expect(first).toMatchObject({ outcome: "committed" });
  expect(first?.durationMs).toBeLessThan(110_000);
  expect(first?.notAttempted).toBeGreaterThan(0);
  await world.advance(900_000);
  expect(world.database.newestPublication?.standings.length).toBe(100);
});

it("a budget of 250 is enough for four hundred agents by either generation of Hiro's routes", async () => {
  const world = new World(4, { chunkSize: 100 });
  world.roster = POPULATION.slice(0, 400);
  world.start((rebuild) => rebuild.tick());
  await world.advance(600_000);
  expect(world.database.newestPublication?.standings.length).toBe(400);
  world.upstreams.modes.hiro = "v1-gone";
  await world.advance(1_800_000);
  expect(world.tally.get("subrequests of an invocation, at most")).toBeGreaterThan(200);
  expect(describeIllness(world)).toEqual({ illness: [], person: [] });
});

it("a crash at any step, before or after it took effect, is made good without a request", async () => {
  for (const isApplied of [false, true]) {
    for (let inSteps = 1; inSteps <= 60; inSteps++) {
      const world = new World(5, { chunkSize: 5 });
      world.roster = POPULATION.slice(0, 8);
      world.start((rebuild) => rebuild.tick());
      await world.advance(300_000);
      await happen(world, { kind: "crash", inSteps, isApplied });
      // Nothing but time and, where the crash took the alarm, one cron.
      await world.advance(400_000);
      world.start((rebuild) => rebuild.ensureAlarm());
      await world.advance(1_200_000);
      world.watch.check();
      expect(world.state.journal.ticks[0], `step ${inSteps}`).toMatchObject({ outcome: "committed" });
      expect(world.database.newestPublication?.standings.length).toBe(8);
    }
  }
});

async function createHealthyWorld(agents = 30, chunkSize = 30): Promise<World> {
  const world = new World(7, { chunkSize });
  world.roster = POPULATION.slice(0, agents);
  world.start((rebuild) => rebuild.tick());
  await world.advance(650_000); // between two ticks
  expect(world.database.newestPublication?.standings.length).toBe(agents);
  return world;
}

function readBoard({ database }: World) {
  const amounts = [...database.tables.balances].map(([agent, rows]) => {
    const counted = [...rows.values()].filter(({ token_id }) => isCounted(token_id));
    return [agent, counted.map(({ token_id, raw_amount }) => [token_id, raw_amount])];
  });
  const ranking = database.newestPublication?.standings.map(({ stxAddress, totalUsd }) => [stxAddress, totalUsd]);
  return { amounts: Object.fromEntries(amounts), ranking };
}
