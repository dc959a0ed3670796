import { env } from "cloudflare:workers";
import type { TickWrites } from "@standings/db";
import { beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../src/tick/store.ts";
import { makeAgents, type TestAgent } from "./agents.ts";
import { readBalances, readCommits, readErrors, readRanking, readVersions, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, type Rig } from "./rig.ts";

const CHUNK_OF_TEN = { vars: { CHUNK_SIZE: "10" } };

beforeEach(wipeDatabase);

describe("the fence", () => {
  it("discards everything of a tick that lost the race to another", async () => {
    const rig = start(5);
    await rig.alarm();
    const before = await readBalances();
    onCommit(rig, async (store, writes, publication) => {
      await store.commit({ ...EMPTY, commit: { ...writes.commit, tick_id: "rival" } }, undefined);
      return store.commit(writes, publication);
    });
    for (const agent of rig.agents) rig.holdings.stx.set(agent.stxAddress, 1);
    expect(await rig.alarm()).toMatchObject({ outcome: "fenced", epoch: null, version: null });
    expect(await readBalances()).toEqual(before);
    rig.wrapStore = (store) => store;
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", epoch: 3 });
    expect(await readBalances()).not.toEqual(before);
  });

  it("lets the same tick be applied once only", async () => {
    const rig = start(5);
    onCommit(rig, async (store, writes, publication) => {
      const use = await store.commit(writes, publication);
      await expect(store.commit(writes, publication)).rejects.toThrow(/UNIQUE/);
      return use;
    });
    await rig.alarm();
    expect((await readCommits()).length).toBe(1);
    expect(await readVersions()).toEqual([1]);
    expect((await readRanking()).length).toBe(5);
  });
});

describe("a commit whose end is unclear", () => {
  it("is recognised as its own when only the answer was lost", async () => {
    const rig = start(10);
    onCommit(rig, async (store, writes, publication) => {
      await store.commit(writes, publication);
      throw new Error("D1_ERROR: Network connection lost.");
    });
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", epoch: 1 });
    expect((await readCommits()).length).toBe(1);
  });

  it("is recognised by the next tick when nothing could be asked: D1's place is the authority", async () => {
    const rig = start(30, CHUNK_OF_TEN);
    rig.wrapStore = (store) => ({
      ...store,
      commit: async (writes, publication) => {
        await store.commit(writes, publication);
        throw new Error("D1_ERROR: Network connection lost.");
      },
      findTickId: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
    });
    expect(await rig.alarm()).toMatchObject({ outcome: "commit-failed", epoch: null });
    rig.wrapStore = (store) => store;
    const report = await rig.alarm();
    expect(report).toMatchObject({ outcome: "committed", epoch: 2, agents: 10 });
    expect(report.lanes.stacks).toMatchObject({ rotation: 1, cursorBefore: rig.agents[9]?.stxAddress });
    expect((await readRanking()).length).toBe(20);
  });

  it.each([
    ["D1_ERROR: Network connection lost.", 3],
    ["D1_ERROR: D1 DB is overloaded. Too many requests queued.", 1],
    ["D1_ERROR: D1 DB exceeded its CPU time limit and was reset.", 1],
  ])("after %j is tried %i times, and the place stays", async (message, tries) => {
    const rig = start(5);
    let commits = 0;
    onCommit(rig, async () => {
      commits++;
      throw new Error(message);
    });
    const report = await rig.alarm();
    expect(report).toMatchObject({ outcome: "commit-failed", error: message });
    expect(report.lanes.stacks.cursorAfter).toBe("");
    expect(commits).toBe(tries);
    expect(await readCommits()).toEqual([]);
  });
});

it("keeps the place while a commit hangs, which is not sent again, and catches up after", async () => {
  const rig = start(20, CHUNK_OF_TEN);
  await rig.alarm();
  const cursor = rig.agents[9]?.stxAddress;
  let commits = 0;
  onCommit(rig, () => {
    commits++;
    return new Promise(() => {});
  });
  const lost = await rig.alarm();
  expect(lost).toMatchObject({ outcome: "commit-failed", epoch: null });
  expect(commits).toBe(1);
  expect(lost.lanes.stacks.cursorAfter).toBe(cursor);
  rig.wrapStore = (store) => store;
  const report = await rig.alarm();
  expect(report).toMatchObject({ outcome: "committed", agents: 10 });
  expect(report.lanes.bitcoin.cursorBefore).toBe(cursor);
});

describe("data that the database refuses", () => {
  it("is found by halves: the one agent is marked, and all others are kept", async () => {
    const rig = start(13);
    const poison = rig.agents[7] as TestAgent;
    refuse(rig, [poison]);
    const report = await rig.alarm();
    expect(report).toMatchObject({ outcome: "committed", agents: 13 });
    expect(report.notes.join()).toContain(poison.stxAddress);
    expect(report.lanes.stacks.cursorAfter).toBe("");
    const balances = await readBalances();
    expect(Object.keys(balances).length).toBe(13); // the other lane of the poison agent is taken
    expect(balances[poison.stxAddress]).toEqual({ "btc-l1": "8000" });
    expect(await readErrors("stacks")).toEqual({ [poison.stxAddress]: "refused-by-database" });
    expect((await readRanking()).length).toBe(12);
  });

  it.each([1, 3, 10, 100])("costs at most 250 subrequests with %i of 100 agents refused", async (refused) => {
    const rig = start(100);
    const poison = rig.agents.filter((_, index) => index % Math.floor(100 / refused) === 0).slice(0, refused);
    refuse(rig, poison);
    const reports = await rig.alarms(3);
    for (const { subrequests } of reports) expect(subrequests).toBeLessThanOrEqual(250);
    expect(reports[0]?.subrequests).toBeGreaterThan(200);
  });

  it("goes on where the halving stopped for want of budget, at the place as of the last part", async () => {
    const rig = start(100);
    const poison = rig.agents.filter((_, index) => index % 10 === 0);
    refuse(rig, poison);
    const first = await rig.alarm();
    expect(first.outcome).toBe("commit-failed");
    expect(first.epoch).toBeGreaterThan(0);
    expect(first.lanes.stacks.cursorAfter).not.toBe("");
    for (let tick = 0; tick < 12 && (await readRanking()).length < 90; tick++) await rig.alarm();
    expect((await readRanking()).length).toBe(90);
    expect(Object.keys(await readErrors("stacks")).sort()).toEqual(poison.map(({ stxAddress }) => stxAddress));
  });
});

it("goes on where D1 is after a crash between the commit and the object's own write", async () => {
  const rig = start(30, CHUNK_OF_TEN);
  await rig.alarm();
  onCommit(rig, async (store, writes, publication) => {
    await store.commit(writes, publication);
    return rig.crash();
  });
  await rig.fire();
  rig.wrapStore = (store) => store;
  const report = await rig.alarm();
  expect(report).toMatchObject({ outcome: "committed", epoch: 3, agents: 10 });
  expect(report.lanes.stacks).toMatchObject({ rotation: 1, cursorAfter: "" });
  expect((await readRanking()).length).toBe(30);
});

it("goes on where D1 is after the object's storage was wiped: epochs, versions and rotations only grow", async () => {
  const rig = start(30, CHUNK_OF_TEN);
  await rig.alarms(2);
  const fresh = createRig(rig.agents, { ...CHUNK_OF_TEN, startMs: rig.nowMs + 120_000 });
  giveCoins(fresh, rig.agents);
  const report = await fresh.alarm();
  expect(report).toMatchObject({ epoch: 3, version: 3, agents: 10 });
  expect(report.lanes.stacks).toMatchObject({ rotation: 1, cursorAfter: "" });
  expect((await fresh.alarm()).lanes.stacks.rotation).toBe(2);
});

it.each(["{}", '{"stacks":{"rotation":1}}', "null", null])(
  "begins a new rotation on both lanes, numbered above all known ones, after a commit with the place %j",
  async (place) => {
    const rig = start(30, CHUNK_OF_TEN);
    await rig.alarms(2);
    await env.DB.prepare("UPDATE tick_commits SET place = ? WHERE epoch = 2").bind(place).run();
    rig.roster = null; // its key expires by itself, so that who is listed has to be known without it
    const report = await rig.alarm();
    expect(report).toMatchObject({ outcome: "committed", agents: 10 });
    for (const lane of [report.lanes.stacks, report.lanes.bitcoin]) {
      expect(lane).toMatchObject({ rotation: 2, cursorBefore: "", cursorAfter: rig.agents[9]?.stxAddress });
    }
    expect((await rig.status()).lanes.stacks.total).toBe(30);
  },
);

function start(n: number, options: Parameters<typeof createRig>[1] = {}): Rig {
  const rig = createRig(makeAgents(n), options);
  giveCoins(rig, rig.agents);
  return rig;
}

type Commit = (store: Store, ...args: Parameters<Store["commit"]>) => ReturnType<Store["commit"]>;

function onCommit(rig: Rig, commit: Commit): void {
  rig.wrapStore = (store) => ({ ...store, commit: (...args) => commit(store, ...args) });
}

/** The Stacks amounts of these agents break a constraint of the table. */
function refuse(rig: Rig, poison: readonly TestAgent[]): void {
  const addresses = new Set(poison.map(({ stxAddress }) => stxAddress));
  onCommit(rig, (store, writes, publication) => {
    const upserts = writes.upserts.map((row) =>
      addresses.has(row.agent) && row.tokenId === "stx" ? { ...row, raw: "1.5" } : row,
    );
    return store.commit({ ...writes, upserts }, publication);
  });
}

const EMPTY: Omit<TickWrites, "commit"> = {
  roster: null,
  prices: [],
  newTokens: [],
  upserts: [],
  deletes: [],
  answers: [],
  releases: [],
  freshness: null,
  prune: false,
};
