import { LANES } from "@standings/rebuilder/contract";
import { createRoster, type RosterAgent } from "@standings/upstream-sim";
import { findFlaws, readBoard, toHoldings } from "./board.ts";
import type { Status, Tick } from "./operator.ts";
import { pinEverything } from "./pins.ts";
import { createTestFolder, startTestStack, type TestStack, writeRoster } from "./test-stack.ts";
import { type TickWatch, watchTicks } from "./ticks.ts";

/**
 * A stack whose holdings and prices stand still, so that whatever changes on its board is the work of a fault. A
 * rotation has two ticks, forced one after the other.
 */
export interface SteadyStack {
  stack: TestStack;
  agents: readonly RosterAgent[];
  chunk: number;
  /** How the board differed from the healthy one since the last call, at any time. */
  takeFlaws(): string[];
  /** Changes the world between two ticks, and looks at the board with every look at the ticks from there on. */
  begin(change: () => void): Promise<TickWatch>;
  /** Lifts a fault between two ticks. Answers with what still reminds of it after the next two. */
  recover(lift: () => void): Promise<string[]>;
  close(): Promise<void>;
}

const AGENTS = 60;
const CHUNK = 30;
const MAX_FLAWS = 5; // enough to see what is wrong
const WAIT_MS = 30_000;

export async function startSteadyStack(seed: string): Promise<SteadyStack> {
  const { agents } = createRoster({ agents: AGENTS, seed });
  const folder = createTestFolder();
  const stack = await startTestStack(`${folder.path}/state`, {
    ROSTER_FILE: writeRoster(folder.path, agents),
    CHUNK_SIZE: String(CHUNK),
    ALARM_INTERVAL_ACTIVE_MS: "5000", // ticks are forced
    ALARM_INTERVAL_IDLE_MS: "1", // a rest is over with the next tick
    UPSTREAM_LATENCY_MS: "1-10",
  });
  const { operator, origin, upstream } = stack;
  pinEverything(upstream, agents);
  const starting = await watchTicks(operator, { force: true });
  await starting.waitFor("the second rotation", WAIT_MS, (status) => toRotation(status) > 1);
  const healthy = toHoldings(await readBoard(origin));
  if (Object.keys(healthy).length !== AGENTS) throw new Error("not everybody is on the healthy board");

  const flaws = new Set<string>();
  const checkBoard = async () => {
    const board = await readBoard(origin);
    for (const flaw of [...findFlaws(board), ...listChanges(healthy, toHoldings(board))]) {
      if (flaws.size < MAX_FLAWS) flaws.add(flaw);
    }
  };

  const begin = async (change: () => void) => {
    await operator.change("pause", { reason: "between two ticks" });
    const pausing = await watchTicks(operator);
    await pausing.waitFor("the running tick to end", WAIT_MS, ({ state }) => state === "paused");
    change();
    const watch = await watchTicks(operator, { onStatus: checkBoard, force: true });
    await operator.change("resume");
    return watch;
  };

  return {
    stack,
    agents,
    chunk: CHUNK,
    begin,
    takeFlaws() {
      const taken = [...flaws];
      flaws.clear();
      return taken;
    },
    async recover(lift) {
      const watch = await begin(lift);
      const status = await watch.waitForTicks(2, WAIT_MS);
      const reminders = listReminders(status, watch.ticks[1]);
      reminders.push(...listChanges(healthy, toHoldings(await readBoard(origin))));
      const isFresh = ({ publication }: Status) => publication?.partial === 0;
      const fresh = await watch.waitFor("fresh answers of everybody", WAIT_MS, isFresh);
      const rotations = toRotation(fresh) - toRotation(status);
      return rotations > 2 ? [...reminders, `it took ${rotations} rotations to ask everybody again`] : reminders;
    },
    async close() {
      await stack.close();
      folder.remove();
    },
  };
}

export function tickAt(watch: TickWatch, index: number): Tick {
  const tick = watch.ticks[index];
  if (!tick) throw new Error(`there was no tick ${index + 1}`);
  return tick;
}

function listChanges(before: Record<string, object>, after: Record<string, object>): string[] {
  return Object.entries(before).flatMap(([address, holding]) => {
    const [was, is] = [JSON.stringify(holding), JSON.stringify(after[address])];
    return was === is ? [] : [`${address} had ${was} and has ${is}`];
  });
}

/** The rotation that both lanes have reached. */
export function toRotation({ lanes }: Pick<Status, "lanes">): number {
  return Math.min(...LANES.map((lane) => lanes[lane].rotation));
}

/** What an outage may leave behind, beside the causes that are kept for the person on call. */
function listReminders(status: Status, tick: Tick | undefined): string[] {
  const reminders = LANES.flatMap((lane) => {
    const { health, why } = status.lanes[lane];
    return health === "well" ? [] : [`the ${lane} lane is ${health}: ${why}`];
  });
  for (const [host, { gate }] of Object.entries(status.upstreams)) {
    if (gate !== "open") reminders.push(`the gate of ${host} is ${gate}`);
  }
  if (status.intervalReason !== "upstreams are healthy") reminders.push(status.intervalReason);
  reminders.push(...status.holds.map((hold) => `${hold.id} stands`));
  if (tick?.outcome !== "committed" || tick.failedCalls > 0 || tick.failed > 0) {
    reminders.push(`the second tick ended as ${tick?.outcome} with ${tick?.failedCalls} failed calls`);
  }
  return reminders;
}
