import { beforeEach, describe, expect, it } from "vitest";
import { makeAgents } from "./agents.ts";
import { readBalances, readCommits, wipeDatabase } from "./database.ts";
import type { StorageCall } from "./memory-storage.ts";
import { createRig, giveCoins, type Rig } from "./rig.ts";

const MINUTE_MS = 60_000;
const WATCHDOG_MS = 3 * MINUTE_MS;
const agents = makeAgents(6);
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents);
  giveCoins(rig, agents);
  await rig.alarm();
});

/** What the storage is asked for in one ordinary alarm. */
async function countCalls(): Promise<number> {
  const before = rig.storage.calls;
  await rig.alarm();
  return rig.storage.calls - before;
}

/** @param fails which calls from now on throw, counted from 1 */
function failCalls(fails: (call: number, name: StorageCall) => boolean): void {
  let calls = 0;
  rig.storage.before = (name) => {
    if (fails(++calls, name)) throw new Error("internal error in Durable Object storage");
  };
}

/** Storage works again. The cron is what remains where no alarm could be set. */
async function expectGoesOn(): Promise<void> {
  rig.storage.before = () => {};
  await rig.ensureAlarm();
  const { alarmAt } = rig.storage;
  expect(alarmAt).toBeGreaterThan(rig.nowMs);
  expect(alarmAt).toBeLessThanOrEqual(rig.nowMs + 10 * MINUTE_MS);
  const commits = (await readCommits()).length;
  expect(await rig.alarm()).toMatchObject({ outcome: "committed", agents: 6, failed: 0, epoch: commits + 1 });
}

describe("storage that throws", () => {
  it("on any one call of an alarm costs at most that tick: the next one goes on where D1 is", async () => {
    const calls = await countCalls();
    expect(calls).toBeGreaterThan(10);
    for (let failing = 1; failing <= calls; failing++) {
      failCalls((call) => call === failing);
      rig.holdings.stx.set(agents[0]?.stxAddress ?? "", 1_000 + failing);
      await rig.fire();
      await expectGoesOn();
      expect((await readBalances())[agents[0]?.stxAddress ?? ""]?.stx).toBe(String(1_000 + failing));
    }
  });

  it("from any call of an alarm on leaves a rebuild that the cron sets going again", async () => {
    const calls = await countCalls();
    for (let failing = 1; failing <= calls; failing++) {
      failCalls((call) => call >= failing);
      await rig.fire();
      await expectGoesOn();
    }
  });

  it.each(["get", "put", "getAlarm", "setAlarm"] as const)(
    "on every %s for an hour stops nothing for good",
    async (name) => {
      failCalls((_, called) => called === name);
      for (const until = rig.nowMs + 60 * MINUTE_MS; rig.nowMs < until; ) {
        if (rig.storage.alarmAt === null) {
          await rig.ensureAlarm().catch(() => {}); // the cron, every five minutes
          rig.nowMs += 5 * MINUTE_MS;
        } else {
          await rig.fire();
        }
      }
      await expectGoesOn();
      expect((await rig.status()).crashes.passedOver).toEqual([]);
    },
  );

  it("is told by the log", async () => {
    failCalls((_, name) => name === "setAlarm");
    await rig.fire();
    expect(rig.logged("tick.failed").length).toBe(1);
    expect(rig.logged("alarm.unset")).toEqual([{ error: "internal error in Durable Object storage" }]);
  });

  it("while an operator acts fails the action, and no later one", async () => {
    failCalls(() => true);
    for (const action of [rig.pause({}), rig.resume(), rig.reset(), rig.tick(), rig.status(), rig.accept("x")]) {
      await expect(action).rejects.toThrow("internal error in Durable Object storage");
    }
    rig.storage.before = () => {};
    expect(await rig.tick()).toMatchObject({ ok: true, report: { outcome: "committed" } });
    expect((await rig.pause({})).state).toBe("paused");
    expect((await rig.resume()).state).toBe("idle");
    await expectGoesOn();
  });
});

it("a crash at any storage call of an alarm loses no commit, and repeats none", async () => {
  const calls = await countCalls();
  for (let crashing = 1; crashing <= calls; crashing++) {
    let call = 0;
    rig.storage.before = () => {
      if (++call === crashing) void rig.crash();
    };
    await rig.fire();
    rig.storage.before = () => {};
    expect(rig.storage.alarmAt).toBeLessThanOrEqual(rig.nowMs + WATCHDOG_MS);
    await expectGoesOn();
  }
  const epochs = (await readCommits()).map(({ epoch }) => epoch);
  expect(epochs).toEqual(epochs.map((_, index) => index + 1));
});
