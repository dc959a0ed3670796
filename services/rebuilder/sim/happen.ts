import { SBTC_CONTRACT_ID } from "@standings/balances";
import type { Command } from "./commands.ts";
import { editRoster } from "./roster-edits.ts";
import type { RosterEntry } from "./roster-source.ts";
import { SERVICES } from "./upstream-modes.ts";
import { turn } from "./virtual-clock.ts";
import { toSpam } from "./wallets.ts";
import type { World } from "./world.ts";

/** Bad agents that a stranger can register are few beside the others, or there is no board. */
const MAX_BAD_SHARE = 0.4;

/** An agent that was away for longer than this is not ranked on what it held then. */
const SABBATICAL_MS = 25 * 3_600_000;

/** Makes a command happen. Whatever it starts goes on while time passes with the following ones. */
export async function happen(world: World, what: Command): Promise<void> {
  switch (what.kind) {
    case "wait":
      return world.advance(what.seconds * 1_000);
    case "alarm-twice":
      world.start((rebuild) => rebuild.alarm());
      await turn(); // an event is delivered when no storage call is under way
      return world.start((rebuild) => rebuild.alarm());
    case "alarm-lost":
      return world.loseAlarm();
    case "alarm-stuck":
      return world.stickAlarm();
    case "cron":
      return world.start((rebuild) => rebuild.ensureAlarm());
    case "forced-ticks":
      for (let tick = 0; tick < what.count; tick++) {
        forceTick(world);
        await turn();
      }
      return;
    case "pause": {
      const until = what.seconds === null ? {} : { until: world.clock.read() + what.seconds * 1_000 };
      return world.start((rebuild) => rebuild.pause(until));
    }
    case "resume":
      return world.start((rebuild) => rebuild.resume());
    case "reset":
      return world.start((rebuild) => rebuild.reset());
    case "accept": {
      const { holds } = world.state;
      const id = holds[what.at % Math.max(1, holds.length)]?.id ?? "no-such-hold";
      return world.start((rebuild) => rebuild.accept(id));
    }
    case "status":
      return world.start((rebuild) => rebuild.status());
    case "heal":
      return world.heal();
    default:
      return befall(world, what);
  }
}

function forceTick(world: World): void {
  world.start(async (rebuild) => {
    const answer = await rebuild.tick();
    if (!answer.ok) world.tally.add(`forced ticks refused: ${answer.reason}`);
    else if (answer.joined) world.tally.add("forced ticks that joined a running one");
  });
}

/** What happens to the object and its platform. */
async function befall(world: World, what: Command): Promise<void> {
  switch (what.kind) {
    case "crash":
      return world.planCrash(what.inSteps, what.isApplied);
    case "crasher": {
      const agent = pickAgents(world, what.at, 1)[0];
      if (agent && world.crashers.size < 2) world.crashers.add(agent.stxAddress);
      return;
    }
    case "evict":
      if (!world.isBusy) world.crash();
      return;
    case "wipe":
      world.wipeStorage();
      return world.watch.sawWipe();
    case "split":
      return world.split();
    case "stale-tick":
      if (world.stale) world.start((rebuild) => rebuild.tick(), world.stale);
      return;
    case "clock-jump":
      return jump(world, what.seconds * 1_000);
    case "storage":
      world.storageMode = what.mode;
      return;
    case "lock":
      world.lockDelayMs = what.seconds * 1_000;
      return;
    case "database":
      world.databaseMode = what;
      return;
    case "refuse":
      return refuse(world, what);
    case "time-travel":
      return world.travel(what.commands);
    default:
      return change(world, what);
  }
}

function jump(world: World, ms: number): void {
  world.clock.jump(ms);
  world.watch.sawClockJump(ms);
}

function refuse(world: World, what: Extract<Command, { kind: "refuse" }>): void {
  const { refusals, wallets } = world;
  switch (what.what) {
    case "roster":
      refusals.roster = true;
      return;
    case "publication-data":
    case "publication-sql":
      refusals.publication = what.what === "publication-data" ? "data" : "sql";
      return;
    case "rows":
      for (const { stxAddress } of pickAgents(world, what.at, what.count)) {
        refusals.agents.add(stxAddress);
        wallets.setStacks(stxAddress, { stx: wallets.stacks(stxAddress).stx + 3n });
      }
  }
}

/** What happens to upstreams, agents and what they hold. */
async function change(world: World, what: Command): Promise<void> {
  const { upstreams, wallets } = world;
  switch (what.kind) {
    case "upstream":
      upstreams.modes[what.service] = what.mode;
      return;
    case "outage":
      for (const service of SERVICES) upstreams.modes[service] = what.mode;
      return;
    case "slow-network":
      upstreams.latencyMs = what.ms;
      return;
    case "bad-neighbours":
      return spoilNeighbours(world, what);
    case "feed":
      upstreams.factors[what.feed] = what.factor;
      return;
    case "market":
      upstreams.market = { BTC: 100_000 * what.btc, STX: 0.8 * what.stx };
      return;
    case "roster-source":
      world.rosterMode = what.mode;
      return;
    case "roster-edit":
      return editRoster(world, what.edit, what.at);
    case "sabbatical":
      return takeSabbatical(world, what.at);
    case "trade":
      for (const agent of pickAgents(world, what.at, 1)) {
        wallets.setStacks(agent.stxAddress, { stx: BigInt(what.amount) });
        wallets.setBitcoin(agent.btcAddress, BigInt(what.amount));
      }
      return;
    case "sell":
      for (const agent of pickAgents(world, what.at, what.count)) {
        if (what.what === "stx") wallets.setStacks(agent.stxAddress, { stx: 0n });
        else if (what.what === "btc") wallets.setBitcoin(agent.btcAddress, 0n);
        else wallets.takeTokens(agent.stxAddress, SBTC_CONTRACT_ID);
      }
      return;
    case "spam":
      for (const agent of pickAgents(world, what.at, what.count)) {
        wallets.addTokens(agent.stxAddress, toSpam(what.spam));
      }
      world.tally.add(`spam: ${what.spam}`);
  }
}

/** Neighbours by address. */
function pickAgents({ roster }: Pick<World, "roster">, at: number, count: number): RosterEntry[] {
  const sorted = [...roster].sort((a, b) => (a.stxAddress < b.stxAddress ? -1 : 1));
  const from = at % Math.max(1, sorted.length);
  return sorted.slice(from, from + count);
}

function spoilNeighbours(world: World, { lane, at, count }: Extract<Command, { kind: "bad-neighbours" }>): void {
  const { bad } = world.upstreams;
  for (const agent of pickAgents(world, at, count)) {
    if (bad.size + 1 <= world.roster.length * MAX_BAD_SHARE)
      bad.add(lane === "stacks" ? agent.stxAddress : agent.btcAddress);
  }
  world.tally.add("bad neighbours");
}

/** An agent leaves, a day passes, and it is back. */
async function takeSabbatical(world: World, at: number): Promise<void> {
  const [agent] = pickAgents(world, at, 1);
  if (!agent) return;
  world.roster = world.roster.filter((one) => one !== agent);
  await world.advance(700_000);
  jump(world, SABBATICAL_MS);
  await world.advance(700_000);
  if (!world.roster.some(({ stxAddress }) => stxAddress === agent.stxAddress)) world.roster = [...world.roster, agent];
}
