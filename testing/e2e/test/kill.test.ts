import { setTimeout as delay } from "node:timers/promises";
import { findFreePort } from "@standings/tools/start/ports";
import { createRoster } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findFlaws, readBoard, readVersion, toHoldings } from "../src/board.ts";
import { type KillableStack, startKillableStack } from "../src/killable-stack.ts";
import { pinEverything } from "../src/pins.ts";
import { readStoredBoard, type StoredBoard } from "../src/stored-state.ts";
import { createTestFolder, writeRoster } from "../src/test-stack.ts";
import { waitUntil } from "../src/wait-until.ts";

// The stack is killed with all its processes in the middle of its work, again and again, and started on what is left.
// Only GET /api/dashboard is ever called, which reads the database: nothing wakes the rebuilder but itself.

const KILLS = Number(process.env.KILLS ?? 5);
const SEED = process.env.KILL_SEED ?? String(Date.now());
const RESUME_MS = 30_000;
const START_MS = 90_000;

const { agents } = createRoster({ agents: 60, seed: "kill" });
const CHUNK = 20;

/** Two for each agent, and three for the prices. */
const CALLS = 2 * CHUNK + 3;

/** From a tick's first call on: over its fetches, its commit and a little past its end. */
const TICK_MS = 450;

/** From its last answer on: valuing, the commit in the database, and saving the place. */
const COMMIT_MS = 30;
const COMMIT_SHARE = 0.4;

const folder = createTestFolder();
const stateDir = `${folder.path}/state`;
let upstream: Upstream;
let stack: KillableStack | undefined;
let start: () => KillableStack;
let origin: string;
beforeAll(async () => {
  upstream = await startUpstream({ latency: { minMs: 10, maxMs: 60 } });
  pinEverything(upstream, agents);
  const port = await findFreePort();
  origin = `http://127.0.0.1:${port}`;
  const env = {
    ...upstream.baseUrls,
    ROSTER_FILE: writeRoster(folder.path, agents),
    CHUNK_SIZE: String(CHUNK),
    ALARM_INTERVAL_ACTIVE_MS: "1000",
    ALARM_INTERVAL_IDLE_MS: "1000",
    ALARM_WATCHDOG_MS: "3000",
  };
  start = () => startKillableStack(stateDir, port, env);
  stack = start(); // kicks its first tick, since the state is empty
  await stack.waitForBoard(START_MS);
  await waitUntil("everybody on the board", START_MS, async () => {
    return (await readBoard(origin)).agents.length === agents.length ? true : undefined;
  });
});
afterAll(async () => {
  await stack?.kill();
  await upstream?.close();
  folder.remove();
});

it(`survives ${KILLS} kills in the middle of a tick: it goes on by itself, and nothing is lost or doubled`, {
  timeout: 60_000 + KILLS * 60_000,
}, async () => {
  const random = createRandom(SEED);
  const holdings = toHoldings(await readBoard(origin));
  let stored: StoredBoard | undefined;
  let version = 0;
  const deaths: string[] = [`KILL_SEED=${SEED}`];
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      const moment = await waitForMoment(random);
      await stack?.kill();

      const left = readStoredBoard(stateDir);
      deaths.push(`kill ${kill}: ${moment}, at epoch ${left.commits.at(-1)?.epoch}`);
      expect(findLosses(stored, left)).toEqual([]);
      stored = left;

      stack = start();
      const found = await stack.waitForBoard(START_MS);
      expect(found).toBeGreaterThanOrEqual(version);
      const resting = await readBoard(origin);
      expect([findFlaws(resting), toHoldings(resting)]).toEqual([[], holdings]);
      version = await waitUntil("a newer version", RESUME_MS, async () => {
        const newest = await readVersion(origin);
        return newest > found ? newest : undefined;
      });
      const resumed = await readBoard(origin);
      expect([findFlaws(resumed), toHoldings(resumed)]).toEqual([[], holdings]);
    }
  } finally {
    console.log(deaths.join("\n"));
  }
});

/** A moment of the next tick: mostly anywhere in it, sometimes close to its commit. */
async function waitForMoment(random: () => number): Promise<string> {
  const { calls: before } = upstream.stats();
  const made = () => upstream.stats().calls - before;
  await waitUntil("a tick", RESUME_MS, () => (made() > 0 ? true : undefined), 2);
  const isCommit = random() < COMMIT_SHARE;
  if (isCommit) {
    const hasFetched = () => made() >= CALLS && upstream.stats().inFlight === 0;
    await waitUntil("the end of its fetches", RESUME_MS, () => (hasFetched() ? true : undefined), 1);
  }
  const delayMs = Math.floor(random() * (isCommit ? COMMIT_MS : TICK_MS));
  await delay(delayMs);
  const state = `${made()} calls made, ${upstream.stats().inFlight} in flight`;
  return `${delayMs} ms after its ${isCommit ? "last answer" : "first call"} (${state})`;
}

/** What one death has cost, compared with the one before it. */
function findLosses(before: StoredBoard | undefined, after: StoredBoard): string[] {
  const losses: string[] = [];
  const epochs = after.commits.map((commit) => commit.epoch);
  epochs.forEach((epoch, index) => {
    if (index > 0 && epoch !== (epochs[index - 1] ?? 0) + 1) losses.push(`epoch ${epoch} follows ${epochs[index - 1]}`);
  });
  const tickIds = new Set(after.commits.map((commit) => commit.tickId));
  if (tickIds.size !== after.commits.length) losses.push("one tick has committed twice");
  const byEpoch = new Map(after.commits.map((commit) => [commit.epoch, commit.tickId]));
  for (const { epoch, tickId } of before?.commits ?? []) {
    if (byEpoch.has(epoch) && byEpoch.get(epoch) !== tickId) losses.push(`epoch ${epoch} is another tick's now`);
  }
  const newest = [before?.commits.at(-1)?.epoch ?? 0, before?.versions.at(-1) ?? 0] as const;
  if ((epochs.at(-1) ?? 0) <= newest[0]) losses.push(`the newest epoch is ${epochs.at(-1)}, it was ${newest[0]}`);
  if ((after.versions.at(-1) ?? 0) <= newest[1]) losses.push(`the newest version is not past ${newest[1]}`);
  for (const [key, amount] of Object.entries(before?.balances ?? {})) {
    if (after.balances[key] !== amount) losses.push(`${key} was ${amount} and is ${after.balances[key]}`);
  }
  return losses;
}

/** The same seed gives the same moments. */
function createRandom(seed: string): () => number {
  let state = 2_166_136_261;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
