import type { HostName } from "@standings/balances";
import fc from "fast-check";
import type { UpstreamMode } from "./model-upstreams.ts";
import type { DatabaseMode, RosterMode, World } from "./world.ts";

/** What can happen to a rebuild, as data: a history is a list of these. */
export type Command =
  | { kind: "wait"; seconds: number }
  | { kind: "alarm-twice" }
  | { kind: "alarm-lost" }
  | { kind: "alarm-stuck" }
  | { kind: "cron" }
  | { kind: "forced-ticks"; count: number }
  | { kind: "pause"; seconds: number | null }
  | { kind: "resume" }
  | { kind: "reset" }
  | { kind: "accept" }
  | { kind: "crash"; inSteps: number; isApplied: boolean }
  | { kind: "evict" }
  | { kind: "wipe" }
  | { kind: "clock-jump"; seconds: number }
  | { kind: "upstream"; host: HostName; mode: UpstreamMode }
  | { kind: "database"; mode: DatabaseMode }
  | { kind: "roster-source"; mode: RosterMode }
  | { kind: "roster-edit"; edit: RosterEdit; at: number }
  | { kind: "trade"; at: number; amount: number }
  | { kind: "prices"; factor: number }
  | { kind: "heal" };

export type RosterEdit = "add" | "remove" | "swap" | "correct" | "reverse" | "halve";

const HOSTS: HostName[] = ["hiro", "mempool", "coingecko", "coinbase"];
const MODES: UpstreamMode[] = [
  "ok",
  "429",
  "429-later",
  "5xx",
  "hangs",
  "html",
  "wrong-types",
  "truncated",
  "negative",
  "too-much",
  "zeros",
  "v1-gone",
  "flaky",
  "flaky-429",
];
const DATABASE_MODES: DatabaseMode[] = ["ok", "fails-before", "fails-after", "hangs", "late", "flaky"];
const ROSTER_MODES: RosterMode[] = ["present", "absent", "corrupt", "empty", "hangs", "throws"];
const EDITS: RosterEdit[] = ["add", "remove", "swap", "correct", "reverse", "halve"];

const kind = <K extends Command["kind"]>(name: K) => fc.constant({ kind: name });
const at = fc.nat(1_000);

export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 60, 130, 300, 700, 2_000) }),
    weight: 10,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      inSteps: fc.integer({ min: 1, max: 45 }),
      isApplied: fc.boolean(),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("upstream" as const),
      host: fc.constantFrom(...HOSTS),
      mode: fc.constantFrom(...MODES),
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({ kind: fc.constant("database" as const), mode: fc.constantFrom(...DATABASE_MODES) }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ kind: fc.constant("roster-edit" as const), edit: fc.constantFrom(...EDITS), at }),
    weight: 4,
  },
  {
    arbitrary: fc.record({ kind: fc.constant("forced-ticks" as const), count: fc.integer({ min: 1, max: 3 }) }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ kind: fc.constant("trade" as const), at, amount: fc.constantFrom(0, 1, 500_000) }),
    weight: 2,
  },
  fc.record({ kind: fc.constant("roster-source" as const), mode: fc.constantFrom(...ROSTER_MODES) }),
  fc.record({ kind: fc.constant("pause" as const), seconds: fc.option(fc.constantFrom(1, 300, 3_000)) }),
  fc.record({ kind: fc.constant("clock-jump" as const), seconds: fc.constantFrom(-3_600, -60, 60, 86_400) }),
  fc.record({ kind: fc.constant("prices" as const), factor: fc.constantFrom(0.5, 1, 1.2, 100) }),
  kind("alarm-twice"),
  kind("alarm-lost"),
  kind("alarm-stuck"),
  { arbitrary: kind("cron"), weight: 3 },
  kind("resume"),
  kind("reset"),
  kind("accept"),
  kind("evict"),
  kind("wipe"),
  { arbitrary: kind("heal"), weight: 2 },
);

/** Makes a command happen. Whatever it starts goes on while time passes with the following ones. */
export async function happen(world: World, what: Command): Promise<void> {
  switch (what.kind) {
    case "wait":
      return world.advance(what.seconds * 1_000);
    case "alarm-twice":
      world.start(() => world.rebuild.alarm());
      return world.start(() => world.rebuild.alarm());
    case "alarm-lost":
      return world.loseAlarm();
    case "alarm-stuck":
      return world.stickAlarm();
    case "cron":
      return world.start(() => world.rebuild.ensureAlarm());
    case "forced-ticks":
      for (let tick = 0; tick < what.count; tick++) world.start(() => world.rebuild.tick());
      return;
    case "pause": {
      const until = what.seconds === null ? {} : { until: world.clock.read() + what.seconds * 1_000 };
      return world.start(() => world.rebuild.pause(until));
    }
    case "resume":
      return world.start(() => world.rebuild.resume());
    case "reset":
      world.watch.sawReset();
      return world.start(() => world.rebuild.reset());
    case "accept":
      return acceptAll(world);
    case "crash":
      return world.planCrash(what.inSteps, what.isApplied);
    case "evict":
      if (!world.isBusy) world.crash();
      return;
    case "wipe":
      world.wipeStorage();
      return world.watch.sawWipe();
    case "clock-jump":
      world.clock.jump(what.seconds * 1_000);
      return world.watch.sawClockJump();
    case "upstream":
      world.upstreams.modes[what.host] = what.mode;
      return;
    case "database":
      world.databaseMode = what.mode;
      return;
    case "roster-source":
      world.rosterMode = what.mode;
      return;
    case "roster-edit":
      return editRoster(world, what.edit, what.at);
    case "trade": {
      const agent = world.roster[what.at % Math.max(1, world.roster.length)];
      if (agent) world.upstreams.holdings.set(agent.stxAddress, BigInt(what.amount));
      return;
    }
    case "prices":
      world.upstreams.priceFactor = what.factor;
      return;
    case "heal":
      return world.heal();
  }
}

export function acceptAll(world: World): void {
  const { roster, quarantines } = world.state;
  for (const id of [roster.held?.id, ...quarantines.map((quarantine) => quarantine.id)]) {
    if (id) world.start(() => world.rebuild.accept(id));
  }
}

function editRoster(world: World, edit: RosterEdit, at: number): void {
  const { roster } = world;
  const index = at % Math.max(1, roster.length);
  const agent = roster[index];
  const other = roster[(index + 1) % Math.max(1, roster.length)];
  switch (edit) {
    case "add": {
      const unlisted = world.population.find((one) => !roster.some((listed) => listed.stxAddress === one.stxAddress));
      if (unlisted) world.roster = [...roster, unlisted];
      return;
    }
    case "remove":
      world.roster = roster.filter((one) => one !== agent);
      return;
    case "reverse":
      world.roster = [...roster].reverse();
      return;
    case "halve":
      world.roster = roster.slice(0, Math.ceil(roster.length / 2));
      return;
    case "swap":
      if (!agent || !other) return;
      world.roster = roster.map((one) => {
        if (one === agent) return { ...one, btcAddress: other.btcAddress };
        return one === other ? { ...one, btcAddress: agent.btcAddress } : one;
      });
      return;
    case "correct": {
      const spare = world.population[(index + 7) % world.population.length];
      if (agent && spare)
        world.roster = roster.map((one) => (one === agent ? { ...one, btcAddress: spare.btcAddress } : one));
      return;
    }
  }
}
