import { beforeEach, describe, expect, it } from "vitest";
import { KEYS } from "../src/rebuild/memory.ts";
import type { Store } from "../src/tick/store.ts";
import { makeAgents } from "./agents.ts";
import { readBalances, readCommits, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isWitness, type Rig } from "./rig.ts";

const TICK_DEADLINE_MS = 150_000;
const MAX_LOCK_MS = 20_000;
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(makeAgents(30), { vars: { ROSTER_MAX_AGE_MS: "1" } });
  giveCoins(rig, rig.agents);
});

it("covers the commit and the object's own write", async () => {
  const inLock: Record<string, boolean> = {};
  rig.wrapStore = (store) => ({
    ...store,
    commit: (...args) => {
      inLock.commit = rig.isLocked;
      return store.commit(...args);
    },
  });
  rig.storage.before = (call) => {
    if (call === "put") inLock.lastPut = rig.isLocked;
  };
  await rig.alarm();
  expect(inLock).toEqual({ commit: true, lastPut: true });
});

it("is held while no upstream is called and no roster read, witnesses included", async () => {
  await rig.alarm();
  for (const agent of rig.agents) rig.holdings.stx.set(agent.stxAddress, 0);
  await rig.alarm();
  expect(rig.upstream.calls.some(isWitness)).toBe(true);
  expect(rig.rosterReads).toBe(2);
  expect(rig.callsInLock).toBe(0);
});

describe("is left within twenty seconds", () => {
  const calls = ["commit", "findTickId"] as const;

  it.each([1_000, 4_000, 7_900, 9_000])("while every call in it fails after %i ms", async (ms) => {
    await rig.alarm();
    slowDown(ms, () => Promise.reject(new Error("D1_ERROR: Network connection lost.")));
    expect(await rig.alarm()).toMatchObject({ outcome: "commit-failed" });
    expect(rig.lockMs).toBeGreaterThan(0);
    expect(rig.lockMs).toBeLessThanOrEqual(MAX_LOCK_MS);
  });

  it.each([2_500, 7_900])("while data is refused after %i ms a call", async (ms) => {
    await rig.alarm();
    slowDown(ms, (call) => {
      if (call === "commit") return Promise.reject(new Error("D1_ERROR: CHECK constraint failed: SQLITE_CONSTRAINT"));
      return Promise.resolve(undefined);
    });
    expect(await rig.alarm()).toMatchObject({ outcome: "commit-failed" });
    expect(rig.lockMs).toBeLessThanOrEqual(MAX_LOCK_MS);
  });

  function slowDown(ms: number, end: (call: string) => Promise<unknown>) {
    rig.wrapStore = (store) => {
      const slow = calls.map((name) => [name, () => rig.sleep(ms).then(() => end(name))]);
      return { ...store, ...(Object.fromEntries(slow) as Pick<Store, (typeof calls)[number]>) };
    };
  }
});

it("lets nothing through it that is thrown inside: the tick fails after it, with an alarm ahead", async () => {
  await rig.alarm();
  rig.storage.before = (call) => {
    if (call === "put" && rig.isLocked) throw new Error("storage is out");
  };
  await rig.fire();
  expect(rig.thrownThroughLock).toEqual([]);
  expect(rig.logged("tick.failed")).toEqual([{ error: "storage is out" }]);
  expect(rig.storage.alarmAt).toBeGreaterThanOrEqual(rig.nowMs + 1_000);
});

it("writes state and alarm in one stretch, so that neither can be lost without the other", async () => {
  const order: string[] = [];
  rig.storage.before = (call) => {
    if (!rig.isLocked) return;
    order.push(call);
    void Promise.resolve().then(() => order.push("later"));
  };
  await rig.alarm();
  expect(order.slice(0, 3)).toEqual(["put", "setAlarm", "later"]);
});

describe("a tick that was given up", () => {
  it("does not begin its commit", async () => {
    await rig.alarm();
    rig.beforeLock = () => rig.sleep(TICK_DEADLINE_MS + 1_000);
    await rig.fire();
    rig.nowMs += 5_000;
    await rig.settle(rig.sleep(1_000));
    expect(rig.logged("tick.failed")).toEqual([{ error: "the tick took longer than 150000 ms" }]);
    expect((await readCommits()).length).toBe(1);
    expect((await rig.status()).lastTick).toMatchObject({ outcome: "given-up" });
  });

  it("during its commit saves nothing of itself, and the next goes on where D1 is", async () => {
    await rig.alarm();
    for (const agent of rig.agents) rig.holdings.stx.set(agent.stxAddress, 7);
    rig.beforeLock = () => rig.sleep(TICK_DEADLINE_MS - 2_000);
    rig.wrapStore = (store) => ({
      ...store,
      commit: async (...args) => {
        const use = await store.commit(...args);
        await rig.sleep(5_000);
        return use;
      },
    });
    await rig.fire();
    const alarmAt = rig.storage.alarmAt;
    await rig.settle(rig.sleep(10_000));
    expect((await readCommits()).length).toBe(2);
    expect(rig.state()).toMatchObject({ epoch: 1, journal: { ticks: [{ outcome: "given-up" }, { epoch: 1 }] } });
    expect(rig.storage.alarmAt).toBe(alarmAt);
    rig.beforeLock = async () => {};
    rig.wrapStore = (store) => store;
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", epoch: 3 });
    expect(new Set(Object.values(await readBalances()).map((tokens) => tokens.stx))).toEqual(new Set(["7"]));
  });

  it("leaves the memory of crashes as it was: a tick that was given up is none that ended", async () => {
    await rig.alarm();
    rig.beforeLock = () => rig.sleep(TICK_DEADLINE_MS + 1_000);
    await rig.fire();
    await rig.settle(rig.sleep(10_000));
    expect(rig.storage.read(KEYS.crashes)).toMatchObject({ running: { turn: null } });
  });
});
