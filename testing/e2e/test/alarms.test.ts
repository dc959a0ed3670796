import { setTimeout as delay } from "node:timers/promises";
import { ROOT } from "@standings/tools/repository";
import { findFreePort } from "@standings/tools/start/ports";
import { killMarked } from "@standings/tools/start/process-tree";
import { spawnWrangler } from "@standings/tools/start/wrangler";
import { createRoster } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestHarness, type TestHarness } from "wrangler";
import { call } from "../src/http.ts";
import { createOperator } from "../src/operator.ts";
import { readStoredBoard, type StoredBoard, strandAlarm, wipeObject } from "../src/stored-state.ts";
import { ADMIN_TOKEN, createTestFolder, startTestStack, writeRoster } from "../src/test-stack.ts";
import { waitUntil } from "../src/wait-until.ts";

// What the platform may lose is taken away. Then nothing happens any more, until one cron has run once.

const roster = createRoster({ agents: 20, seed: "alarms" });
const CHUNK = 5;
/** Two for each agent, and three for the prices: CoinGecko once, Coinbase for each coin. */
const TICK_CALLS = 2 * CHUNK + 3;
const ROTATION_CALLS = 4 * TICK_CALLS;
/** One tick of the second rotation has committed then, and the next has begun. */
const MIDDLE_CALLS = ROTATION_CALLS + TICK_CALLS + 1;
/** From there: the rotation has ended, which publishes, and the next one has begun. */
const END_CALLS = 3 * TICK_CALLS + 1;
const VARS = {
  CHUNK_SIZE: String(CHUNK),
  ALARM_INTERVAL_ACTIVE_MS: "1000",
  ALARM_INTERVAL_IDLE_MS: "1000",
  ALARM_WATCHDOG_MS: "3000",
};
const CRON = "*/5 * * * *";
const WAIT_MS = 60_000;

/** An alarm that were set after all would be a second ahead. */
const SILENCE_MS = 2_000;

type Service = "api" | "rebuilder";

const folder = createTestFolder();
let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
beforeEach(() => {
  upstream.resetStats();
});
afterAll(async () => {
  await upstream?.close();
  folder.remove();
});

describe("an object that has never run", () => {
  let harness: TestHarness;
  beforeEach(async () => {
    harness = createTestHarness({
      root: ROOT,
      workers: [
        { configPath: "wrangler.api.jsonc", secrets: { ADMIN_TOKEN } },
        { configPath: "wrangler.rebuilder.jsonc", vars: { ...VARS, ...upstream.baseUrls } },
      ],
    });
    await harness.listen();
    const { VERIFIED_AGENTS } = await harness.getWorker<{ VERIFIED_AGENTS: KVNamespace }>(REBUILDER).getEnv();
    await VERIFIED_AGENTS.put("cache:agent-list", JSON.stringify(roster));
  });
  afterEach(() => harness?.close());

  it.each(["api", "rebuilder"] as const)(
    "is armed by the cron of the %s alone, and goes on by itself",
    async (service) => {
      await harness.getWorker(REBUILDER).applyD1Migrations("DB");
      await delay(SILENCE_MS);
      expect(upstream.stats().calls).toBe(0);
      const result = await harness
        .getWorker(`standings-${service}`)
        .scheduled({ cron: CRON, scheduledTime: new Date() });
      expect(result.outcome).toBe("ok");
      await waitUntil("a whole rotation", WAIT_MS, () => (upstream.stats().calls >= ROTATION_CALLS ? true : undefined));
      const events = harness.getLogs().map((log) => log.message);
      expect(events).toContainEqual(expect.stringContaining('"event":"alarm.rearmed"'));
    },
  );

  it("is armed again after each of eight ticks that failed in a row, and recovers when the database is migrated", async () => {
    await harness.getWorker(REBUILDER).scheduled({ cron: CRON, scheduledTime: new Date() });
    const failed = () => harness.getLogs().filter((log) => log.message.includes('"outcome":"not-migrated"')).length;
    await waitUntil("eight failed ticks", WAIT_MS, () => (failed() >= 8 ? true : undefined));
    expect(upstream.stats().calls).toBe(0);
    await harness.getWorker(REBUILDER).applyD1Migrations("DB");
    await waitUntil("a whole rotation", WAIT_MS, () => (upstream.stats().calls >= ROTATION_CALLS ? true : undefined));
    const { url } = await harness.listen();
    const status = await createOperator(url.origin, ADMIN_TOKEN).getStatus();
    expect(status).toMatchObject({ consecutiveFailures: 0, watchdogRearms: 1 });
  });
});

describe("an object that ran for a while", () => {
  const stateDir = `${folder.path}/state`;
  beforeAll(async () => {
    const rosterFile = writeRoster(folder.path, roster.agents);
    const stack = await startTestStack(stateDir, { ...VARS, ROSTER_FILE: rosterFile }, upstream);
    await stack.operator.tick();
    await waitUntil("the middle of a rotation", WAIT_MS, () =>
      upstream.stats().calls >= MIDDLE_CALLS ? true : undefined,
    );
    await stack.close();
  });
  afterAll(() => {
    killMarked(stateDir);
  });

  const faults = [
    ["whose memory was wiped, alarm and all,", () => wipeObject(stateDir)],
    ["whose alarm is an hour overdue and never fires", () => strandAlarm(stateDir, Date.now() - 3_600_000)],
  ] as const;
  const cases = faults.flatMap(([fault, apply]) => {
    return (["api", "rebuilder"] as const).map((service) => ({ fault, apply, service }));
  });

  it.each(cases)(
    "$fault is repaired by the cron of the $service alone, from where the database stands",
    async ({ apply, service }) => {
      const before = readStoredBoard(stateDir);
      const nextChunk = listNextChunk(before);
      const seq = upstream.listCalls().at(-1)?.seq;
      apply();
      const workers = await startWorkers(stateDir, service);
      await delay(SILENCE_MS);
      expect(upstream.stats().calls).toBe(0);
      await workers.runCron();
      await waitUntil("the next rotation", WAIT_MS, () => (upstream.stats().calls >= END_CALLS ? true : undefined));
      await workers.kill();

      const calls = upstream.listCalls(seq).filter((one) => one.host === "hiro");
      const asked = [...new Set(calls.map((one) => one.path.split("/").find((part) => part.startsWith("S"))))];
      expect(asked.slice(0, nextChunk.length).sort()).toEqual(nextChunk);

      const after = readStoredBoard(stateDir);
      expect(after.commits.slice(0, before.commits.length)).toEqual(before.commits);
      const epochs = after.commits.map((commit) => commit.epoch);
      expect(epochs).toEqual(epochs.map((_, index) => index + 1));
      expect(epochs.length).toBeGreaterThan(before.commits.length);
      expect(after.versions.at(-1)).toBeGreaterThan(before.versions.at(-1) ?? Number.NaN);
      for (const key of Object.keys(before.balances).filter(isRanked)) expect(after.balances).toHaveProperty([key]);
    },
  );
});

const REBUILDER = "standings-rebuilder";

/** Whose turn it is, by the database. */
function listNextChunk({ lastAttempted }: StoredBoard): string[] {
  const addresses = roster.agents.map((agent) => agent.stxAddress).sort();
  const rest = addresses.filter((address) => address > lastAttempted);
  return (rest.length > 0 ? rest : addresses).slice(0, CHUNK);
}

/** Unranked tokens come and go with what the upstreams say. */
function isRanked(key: string): boolean {
  return /^\S+ (?:stx|sbtc|btc-l1)$/.test(key);
}

/** Both Workers on a stored state. Locally a cron runs in the first one alone, and only when it is told to. */
async function startWorkers(stateDir: string, first: Service) {
  const port = await findFreePort();
  const services = first === "api" ? ["api", "rebuilder"] : ["rebuilder", "api"];
  const configs = services.flatMap((service) => ["--config", `${stateDir}/${service}/wrangler.json`]);
  const fixed = ["--inspector-port", "0", "--show-interactive-dev-session=false"];
  spawnWrangler(stateDir, ["dev", ...configs, "--port", String(port), ...fixed], () => {});
  const origin = `http://127.0.0.1:${port}`;
  await waitUntil("the Workers", WAIT_MS, async () => (await call(`${origin}/nothing`, {}, 3_000)).status);
  return {
    async runCron() {
      const url = `${origin}/cdn-cgi/local/scheduled?cron=${encodeURIComponent(CRON)}&format=json`;
      expect(await (await call(url)).json()).toMatchObject({ outcome: "ok" });
    },
    async kill() {
      await waitUntil("the end of the Workers", WAIT_MS, () => (killMarked(stateDir).length === 0 ? true : undefined));
    },
  };
}
