import { BALANCE_HOSTS } from "@standings/balances";
import fc from "fast-check";
import { acceptAll, type Command, command, happen } from "./commands.ts";
import { POPULATION } from "./population.ts";
import { World } from "./world.ts";

/** A seeded world and what happens to it. */
export interface History {
  seed: number;
  agents: number;
  commands: Command[];
}

export const history: fc.Arbitrary<History> = fc.record({
  seed: fc.nat(),
  agents: fc.oneof(
    { arbitrary: fc.constantFrom(3, 6), weight: 6 },
    { arbitrary: fc.constantFrom(0, 1, 11), weight: 4 },
    { arbitrary: fc.constant(26), weight: 1 },
  ),
  commands: fc.array(command, { minLength: 1, maxLength: 16 }),
});

export interface HistoryResult {
  commands: number;
  ticks: number; // committed
}

/** Lives through a history. Throws the first violation of what must never happen, or of what must in the end. */
export async function live({ seed, agents, commands }: History): Promise<HistoryResult> {
  // Chunks of a dozen for the larger boards, so that the guard against mass changes has something to see.
  const world = new World(seed, { chunkSize: agents > 20 ? 13 : 5 });
  world.roster = POPULATION.slice(0, agents);
  world.start(() => world.rebuild.tick());
  await world.advance(1_000);
  for (const what of commands) {
    await happen(world, what);
    await world.advance(500);
  }
  await endWell(world);
  return { commands: commands.length, ticks: world.database.commits.length };
}

/** Hours by which every wait that an upstream or a clock can impose is over: an hour's Retry-After, a day's jump back. */
const CRON_MS = 300_000;
const CRONS_TO_RECOVER = 36;

/** Faults off: within the longest wait and two rotations everything is fresh, ranked and true. */
async function endWell(world: World): Promise<void> {
  await world.advance(200_000); // what hung is given up
  world.heal();
  if (world.roster.length === 0) world.roster = POPULATION.slice(0, 1);
  if (world.control.paused) world.start(() => world.rebuild.resume());
  for (let cron = 0; cron < CRONS_TO_RECOVER && !isWell(world); cron++) {
    world.start(() => world.rebuild.ensureAlarm());
    acceptAll(world);
    await world.advance(CRON_MS);
  }
  await world.settle();
  world.watch.assert(isWell(world), "liveness", () => describeIllness(world).join("; "));
  world.watch.check();
}

function isWell(world: World): boolean {
  return !world.isBusy && describeIllness(world).length === 0;
}

function describeIllness(world: World): string[] {
  const { database, state, roster, upstreams } = world;
  const illness: string[] = [];
  const listed = database.listed();
  if (
    listed.join() !==
    roster
      .map((agent) => agent.stxAddress)
      .sort()
      .join()
  )
    illness.push("the roster is not the listed one");
  if (state.failedCommits > 0) illness.push(`${state.failedCommits} failed commits`);
  if (state.quarantines.length > 0) illness.push("a quarantine stands");
  for (const host of BALANCE_HOSTS) {
    const breaker = state.hosts[host]?.breaker;
    if (breaker !== "closed") illness.push(`${host} is ${breaker}`);
  }
  for (const { stxAddress, btcAddress } of roster) {
    const balances = database.balances.get(stxAddress);
    if (balances?.get("stx")?.raw !== upstreams.balance(stxAddress)) illness.push(`${stxAddress} has wrong STX`);
    if (balances?.get("btc-l1")?.raw !== upstreams.balance(btcAddress)) illness.push(`${stxAddress} has wrong BTC`);
    if (database.isPartial(stxAddress)) illness.push(`${stxAddress} is partial`);
  }
  const standings = database.publications.at(-1)?.standings.map((standing) => standing.stxAddress) ?? [];
  if ([...standings].sort().join() !== listed.join()) illness.push("the ranking is not of the listed agents");
  return illness;
}
