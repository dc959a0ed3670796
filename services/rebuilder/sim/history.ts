import fc from "fast-check";
import type { Config } from "../src/config.ts";
import { type Command, command } from "./commands.ts";
import { checkFreshness, readFreshness } from "./freshness-watch.ts";
import { happen } from "./happen.ts";
import { describeIllness } from "./illness.ts";
import { POPULATION } from "./population.ts";
import type { Tally } from "./tally.ts";
import type { Mode, Service } from "./upstream-modes.ts";
import { World } from "./world.ts";

/** What stays as it is from the first day to the last. */
export type Setting =
  | "ordinary"
  | "lonely-price" // one feed is left
  | "no-witness" // no other route answers
  | "lying-witness" // the other route knows of holdings that nobody has
  | "tight-budget" // a month's calls last only at a slow pace
  | "few-forced-ticks";

/** A seeded world and what happens to it. */
export interface History {
  seed: number;
  agents: number;
  setting?: Setting;
  commands: Command[];
}

const agents = fc.oneof(
  { arbitrary: fc.constantFrom(3, 6), weight: 50 },
  { arbitrary: fc.constantFrom(0, 1, 11), weight: 40 },
  { arbitrary: fc.constant(26), weight: 10 },
  { arbitrary: fc.constant(60), weight: 2 },
);
const setting = fc.oneof(
  { arbitrary: fc.constant<Setting>("ordinary"), weight: 12 },
  {
    arbitrary: fc.constantFrom<Setting>(
      "lonely-price",
      "no-witness",
      "lying-witness",
      "tight-budget",
      "few-forced-ticks",
    ),
    weight: 5,
  },
);
const commands = fc.array(command, { minLength: 1, maxLength: 28 });

export const history: fc.Arbitrary<History> = fc.oneof(
  { arbitrary: fc.record({ seed: fc.nat(), agents, setting, commands }), weight: 500 },
  // Chunks of a hundred, so that the budget of a tick is reached.
  {
    arbitrary: fc.record({
      seed: fc.nat(),
      agents: fc.constantFrom(200, 400),
      commands: fc.array(command, { minLength: 1, maxLength: 4 }),
    }),
    weight: 1,
  },
);

const LASTING: Partial<Record<Setting, Partial<Record<Service, Mode>>>> = {
  "lonely-price": { coinbase: "5xx", "mempool-prices": "5xx" },
  "no-witness": { node: "5xx", blockstream: "hangs" },
  "lying-witness": { node: "more", blockstream: "more" },
};

const TIGHT = { hiro: 6_000, mempool: 6_000, coingecko: 6_000, coinbase: 6_000, blockstream: 6_000 };

function toConfig(agents: number, setting: Setting | undefined): Partial<Config> {
  return {
    chunkSize: agents >= 200 ? 100 : agents > 20 ? 13 : 5,
    ...(setting === "tight-budget" && { monthlyBudgets: TIGHT }),
    ...(setting === "few-forced-ticks" && { forcedTicks: { spacingMs: 30_000, perDay: 3 } }),
  };
}

/** Lives through a history. Throws the first violation of what must never happen, or of what must in the end. */
export async function live({ seed, agents, setting, commands }: History, tally?: Tally): Promise<World> {
  const world = new World(seed, toConfig(agents, setting), tally);
  world.upstreams.lasting = (setting && LASTING[setting]) ?? {};
  world.heal();
  world.roster = POPULATION.slice(0, agents);
  world.keepsBackups = commands.some(({ kind }) => kind === "time-travel");
  world.start((rebuild) => rebuild.tick());
  await world.advance(1_000);
  for (const what of commands) {
    world.beginCommand();
    await happen(world, what);
    await world.advance(500);
    checkFreshness(world);
  }
  await endWell(world);
  tellEnd(world, agents, setting);
  return world;
}

const CRON_MS = 300_000;

/** The longest that a hold may stand, the longest Retry-After, and a few rotations. */
const LONGEST_MS = (6 + 1 + 1) * 3_600_000;

/** What a roster that a person let through needs: to be read, and two rotations. */
const AFTER_ACCEPT_MS = 3 * 3_600_000;

/** Each coin's first price, and a roster: what a person lets through can bring the next to light. */
const MAX_ACCEPTS = 3;

/** Faults off, and nobody does anything: everything ends by itself. What only a person can end is named, and then let through. */
async function endWell(world: World): Promise<void> {
  await world.advance(200_000); // what hung is given up
  world.heal();
  if (world.roster.length === 0) world.roster = POPULATION.slice(0, 1);
  if (world.control.paused?.until === null) {
    world.tally.add("left to a person: a pause without an end");
    world.start((rebuild) => rebuild.resume());
  }
  await recover(world, LONGEST_MS + world.clock.wentBackMs, true);
  for (let times = 0; times < MAX_ACCEPTS && describeIllness(world).person.length > 0; times++) {
    await acceptAll(world);
    await recover(world, AFTER_ACCEPT_MS + world.clock.wentBackMs, times + 1 < MAX_ACCEPTS);
  }
  await world.settle();
  checkFreshness(world);
  await compareStatus(world);
  world.watch.check();
}

/** A person lets through what waits for one. */
async function acceptAll(world: World): Promise<void> {
  for (const what of describeIllness(world).person) world.tally.add(`left to a person: ${what}`);
  for (const { id } of world.state.holds) {
    world.start((rebuild) => rebuild.accept(id));
    await world.advance(1_000);
  }
}

/** @param leavesToPerson whether what only a person can end may stay */
async function recover(world: World, longestMs: number, leavesToPerson: boolean): Promise<void> {
  const budget = world.config.monthlyBudgets.hiro > 0 ? 4 : 1; // rotations take longer then
  for (let ms = 0; ms < longestMs * budget && !isWell(world, leavesToPerson); ms += CRON_MS) {
    world.start((rebuild) => rebuild.ensureAlarm());
    await world.advance(CRON_MS);
    if (ms % (12 * CRON_MS) === 0) checkFreshness(world);
  }
  world.watch.assert(isWell(world, leavesToPerson), "liveness", () => {
    const { illness, person } = describeIllness(world);
    return [...person, ...illness].slice(0, 8).join("; ");
  });
  world.watch.check();
}

function isWell(world: World, leavesToPerson: boolean): boolean {
  if (world.isBusy) return false;
  const { illness, person } = describeIllness(world);
  return illness.length === 0 && (leavesToPerson || person.length === 0);
}

/** The rebuild says of itself what its row says of it. */
async function compareStatus(world: World): Promise<void> {
  // Another object may have written the row, or this one a tick that it did not live to remember.
  if (world.state.epoch !== world.database.newestCommit?.epoch) return;
  const status = await world.rebuild.status();
  const read = readFreshness(world);
  const codes = (reasons: { code: string }[] | undefined) => reasons?.map(({ code }) => code).join();
  const [own, told] = [codes(status.freshness.reasons), codes(read?.judged.reasons)];
  world.watch.assert(own === told, "I-16 age", () => `the status says ${own}, the row ${told}`);
}

function tellEnd({ tally, upstreams }: World, agents: number, setting: Setting | undefined): void {
  tally.add("histories");
  tally.add(`setting: ${setting ?? "ordinary"}`);
  tally.add("boards of 200 and more", agents >= 200 ? 1 : 0);
  tally.add("witnesses asked: the node", upstreams.callsOf.node);
  tally.add("witnesses asked: blockstream", upstreams.callsOf.blockstream);
  tally.add("upstream calls", upstreams.calls);
}
