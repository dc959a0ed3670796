import "./remembered.ts";
import { expect, it } from "vitest";
import { TICK_DEADLINE_MS } from "../src/rebuild/one-tick.ts";
import { POPULATION } from "./population.ts";
import { World } from "./world.ts";

it("a tick that hangs is given up, and the next one is not held up by it", async () => {
  const world = createWorld();
  world.lockDelayMs = Number.MAX_SAFE_INTEGER;
  world.start((rebuild) => rebuild.tick());
  await world.advance(TICK_DEADLINE_MS + 1_000);
  expect(world.isBusy).toBe(false);
  expect(world.state.journal.ticks[0]).toMatchObject({ outcome: "given-up" });
  expect(world.alarmAt).not.toBeNull();
  world.lockDelayMs = 0;
  await world.advance(1_200_000);
  expect(world.state.journal.ticks[0]).toMatchObject({ outcome: "committed", agents: 3 });
});

it("a tick that was given up commits and saves nothing when it wakes again", async () => {
  const world = createWorld();
  world.lockDelayMs = TICK_DEADLINE_MS + 10_000;
  world.start((rebuild) => rebuild.tick());
  await world.advance(TICK_DEADLINE_MS + 1_000);
  const { state, alarmAt } = world;
  expect(state.journal.ticks[0]).toMatchObject({ outcome: "given-up" });
  await world.advance(60_000);
  expect(world.database.tables.commits.size).toBe(0);
  expect(world.state).toEqual(state);
  expect(world.alarmAt).toBe(alarmAt);
});

function createWorld(): World {
  const world = new World(1);
  world.roster = POPULATION.slice(0, 3);
  return world;
}
