import { describe, expect, it } from "vitest";
import { happen } from "./commands.ts";
import type { UpstreamMode } from "./model-upstreams.ts";
import { POPULATION } from "./population.ts";
import { World } from "./world.ts";

const HOUR_MS = 3_600_000;

describe("a host that says 429 for three days", () => {
  it("is asked once a tick at most, and everything is as before within two ticks of its recovery", async () => {
    const world = await createHealthyWorld();
    const before = readBoard(world);
    for (const host of ["hiro", "mempool"] as const) world.upstreams.modes[host] = "429";
    await world.advance(HOUR_MS);
    const { calls } = world.upstreams;
    const commits = world.database.commits.length;
    await world.advance(72 * HOUR_MS);
    const ticks = world.database.commits.length - commits;
    expect(ticks).toBeGreaterThan(100);
    // One probe for each balance host and one look at the prices.
    expect(world.upstreams.calls - calls).toBeLessThanOrEqual(3 * ticks);
    expect(readBoard(world)).toEqual(before);
    world.heal();
    await world.advance(2 * world.config.idleMs + 10_000);
    expect(world.state.hosts.hiro?.breaker).toBe("closed");
    expect(world.state.interval.ms).toBe(world.config.activeMs);
    expect(readBoard(world)).toEqual(before);
  });
});

describe.each<UpstreamMode>(["429", "html", "zeros"])("every upstream answering %s for 20 ticks", (mode) => {
  it("changes no stored balance and no rank, drops to probes, and is over within two ticks of recovery", async () => {
    const world = await createHealthyWorld();
    const before = readBoard(world);
    for (const host of ["hiro", "mempool", "coingecko", "coinbase"] as const) world.upstreams.modes[host] = mode;
    for (let tick = 0; tick < 20; tick++) {
      const { calls } = world.upstreams;
      await world.advance(world.config.idleMs + 5_000);
      expect(readBoard(world)).toEqual(before);
      if (tick > 4) expect(world.upstreams.calls - calls).toBeLessThanOrEqual(2 + 3);
    }
    expect(world.state.interval.reason).toMatch(/blocked/);
    if (mode === "zeros") expect(world.state.quarantines.map((one) => one.tokenId)).toContain("stx");
    world.heal();
    await world.advance(2 * world.config.idleMs + 60_000);
    expect(world.state.quarantines).toEqual([]);
    expect(world.state.hosts.hiro?.breaker).toBe("closed");
    expect(readBoard(world)).toEqual(before);
  });
});

it("upstreams that take seven seconds a call cost agents their turn, never the tick its commit", async () => {
  const world = new World(3, { chunkSize: 40 });
  world.roster = POPULATION;
  world.upstreams.latencyMs = 7_000;
  world.start(() => world.rebuild.tick());
  await world.advance(120_000);
  const [first] = world.state.ticks;
  expect(first).toMatchObject({ outcome: "committed" });
  expect(first?.durationMs).toBeLessThan(100_000);
  expect(first?.notAttempted).toBeGreaterThan(0);
  await world.advance(900_000);
  expect(world.database.publications.at(-1)?.standings.length).toBe(POPULATION.length);
});

it("a crash at any step, before or after it took effect, is made good without a request", async () => {
  for (const isApplied of [false, true]) {
    for (let inSteps = 1; inSteps <= 60; inSteps++) {
      const world = new World(5, { chunkSize: 5 });
      world.roster = POPULATION.slice(0, 8);
      world.start(() => world.rebuild.tick());
      await world.advance(300_000);
      await happen(world, { kind: "crash", inSteps, isApplied });
      // Nothing but time and, where the crash took the alarm, one cron.
      await world.advance(400_000);
      world.start(() => world.rebuild.ensureAlarm());
      await world.advance(1_200_000);
      world.watch.check();
      expect(world.state.ticks[0], `step ${inSteps}`).toMatchObject({ outcome: "committed" });
      expect(world.database.publications.at(-1)?.standings.length).toBe(8);
    }
  }
});

async function createHealthyWorld(): Promise<World> {
  const world = new World(7, { chunkSize: 30 });
  world.roster = POPULATION.slice(0, 30);
  world.start(() => world.rebuild.tick());
  await world.advance(600_000);
  expect(world.database.publications.at(-1)?.standings.length).toBe(30);
  return world;
}

function readBoard(world: World) {
  const { database } = world;
  const balances = [...database.balances].map(([agent, tokens]) => [agent, [...tokens]]);
  const ranking = database.publications.at(-1)?.standings.map(({ stxAddress, totalUsd }) => [stxAddress, totalUsd]);
  return { balances: Object.fromEntries(balances), ranking };
}
