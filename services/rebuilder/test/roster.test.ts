import { beforeEach, describe, expect, it } from "vitest";
import { makeAgent, makeAgents, type TestAgent, toRosterText } from "./agents.ts";
import { db, readBalances, readCommits, readListed, readRanking, readVersions, wipeDatabase } from "./database.ts";
import { createRig, giveCoins } from "./rig.ts";

const MINUTE_MS = 60_000;
const EVERY_TICK = { vars: { ROSTER_MAX_AGE_MS: "1" } };

beforeEach(wipeDatabase);

describe("the roster is read", () => {
  it("when it is older than its age allows, and not before", async () => {
    const rig = createRig();
    await rig.alarms(5);
    expect(rig.rosterReads).toBe(1);
    expect(rig.nowMs).toBe((rig.state().roster.readAt ?? 0) + 8 * MINUTE_MS);
    await rig.alarm();
    expect(rig.rosterReads).toBe(2);
  });

  it("at once after a reset, and by an object that has no memory", async () => {
    const rig = createRig();
    await rig.alarms(2);
    await rig.reset();
    await rig.alarm();
    expect(rig.rosterReads).toBe(2);
    const fresh = createRig(rig.agents, { startMs: rig.nowMs });
    await fresh.alarm();
    expect(fresh.rosterReads).toBe(1);
  });

  it("again after the clock was set back", async () => {
    const rig = createRig();
    await rig.alarm();
    rig.nowMs -= 24 * 60 * MINUTE_MS;
    rig.storage.alarmAt = rig.nowMs;
    await rig.alarm();
    expect(rig.rosterReads).toBe(2);
  });
});

describe("what it changes", () => {
  it("is written with the first answers about it, in one commit", async () => {
    const rig = createRig(makeAgents(10));
    await rig.alarm();
    expect((await readCommits()).length).toBe(1);
    expect(await readListed()).toEqual(rig.agents.map(({ stxAddress }) => stxAddress));
    expect((await readRanking()).length).toBe(10);
  });

  it("stands behind the fence: a tick that lost to another leaves nothing of its roster", async () => {
    const rig = createRig(makeAgents(10), EVERY_TICK);
    await rig.alarm();
    rig.roster = toRosterText([...rig.agents, makeAgent(77)]);
    rig.wrapStore = (store) => ({
      ...store,
      commit: async (writes, publication) => {
        const { commit } = writes;
        const nothing = {
          roster: null,
          prices: [],
          newTokens: [],
          upserts: [],
          deletes: [],
          answers: [],
          releases: [],
        };
        await store.commit(
          { ...nothing, commit: { ...commit, tick_id: "rival" }, freshness: null, prune: false },
          undefined,
        );
        return store.commit(writes, publication);
      },
    });
    expect(await rig.alarm()).toMatchObject({ outcome: "fenced" });
    expect((await readListed()).length).toBe(10);
    rig.wrapStore = (store) => store;
    await rig.alarm();
    expect((await readListed()).length).toBe(11);
  });

  it("costs rows only where an entry differs", async () => {
    const rig = createRig(makeAgents(40), EVERY_TICK);
    await rig.alarm();
    const { rowsWritten: unchanged } = await rig.alarm();
    rig.roster = toRosterText(
      rig.agents.map((agent, index) => (index === 3 ? { ...agent, displayName: "New" } : agent)),
    );
    const { rowsWritten: changed } = await rig.alarm();
    expect(changed - unchanged).toBeLessThanOrEqual(10); // the agent's row, and the words that its name is found by
    const names = await db.selectFrom("agents").select("display_name").where("display_name", "=", "New").execute();
    expect(names.length).toBe(1);
  });

  it("is kept out when it is the roster that the database refuses, which costs the tick nothing else", async () => {
    const rig = createRig(makeAgents(10), EVERY_TICK);
    giveCoins(rig, rig.agents);
    await rig.alarm();
    rig.roster = toRosterText([...rig.agents, makeAgent(77)]);
    for (const { stxAddress } of rig.agents) rig.holdings.stx.set(stxAddress, 9);
    rig.wrapStore = (store) => ({
      ...store,
      commit: (writes, publication) =>
        writes.roster
          ? Promise.reject(new Error("D1_ERROR: CHECK constraint failed: SQLITE_CONSTRAINT"))
          : store.commit(writes, publication),
    });
    const report = await rig.alarm();
    expect(report.outcome).toBe("committed");
    expect(report.notes.join()).toContain("roster");
    expect((await readListed()).length).toBe(10);
    for (const tokens of Object.values(await readBalances())) expect(tokens.stx).toBe("9");
    expect((await rig.status()).roster).toMatchObject({ source: "kept", problem: expect.stringContaining("refused") });
    rig.wrapStore = (store) => store;
    rig.nowMs += 11 * MINUTE_MS;
    await rig.alarm();
    expect((await readListed()).length).toBe(11);
  });
});

it("drops an answer that was asked of another address than the agent has by then", async () => {
  const rig = createRig(makeAgents(3));
  giveCoins(rig, rig.agents);
  await rig.alarm();
  const before = await readBalances();
  const [agent] = rig.agents as [TestAgent];
  const stranger = makeAgent(99).btcAddress;
  rig.holdings.btc.set(stranger, 123_456);
  rig.wrapStore = (store) => ({
    ...store,
    listAgentsAfter: async (places) => {
      const { stacks, bitcoin } = await store.listAgentsAfter(places);
      return {
        stacks,
        bitcoin: bitcoin.map((one) => (one.stxAddress === agent.stxAddress ? { ...one, btcAddress: stranger } : one)),
      };
    },
  });
  expect(await rig.alarm()).toMatchObject({ outcome: "committed", failed: 0 });
  expect(rig.upstream.calls.map(({ address }) => address)).toContain(stranger);
  expect(await readBalances()).toEqual(before);
});

describe("a roster that is no use", () => {
  it.each([
    ["absent", null, "the key cache:agent-list is absent"],
    ["corrupt", "{oops", "the roster is not JSON"],
    ["no list", "[]", "the roster has no list of agents"],
    ["empty", toRosterText([]), "the roster lists no valid agent"],
  ])("leaves the last one in place (%s), and the status says why", async (_, roster, problem) => {
    const rig = createRig(makeAgents(10), EVERY_TICK);
    await rig.alarm();
    rig.roster = roster;
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", agents: 10 });
    expect((await rig.status()).roster).toMatchObject({ source: "kept", accepted: 10, problem });
    rig.roster = toRosterText(rig.agents);
    await rig.alarm();
    expect((await rig.status()).roster).toMatchObject({ source: "kv", problem: null });
  });

  it("leaves nothing to do but an alarm while there has never been another", async () => {
    const rig = createRig();
    rig.roster = null;
    expect(await rig.alarm()).toMatchObject({ outcome: "no-roster", agents: 0, version: null });
    expect(rig.storage.alarmAt).toBe(rig.nowMs + 2 * MINUTE_MS);
    expect(await readVersions()).toEqual([]);
    const { freshness, roster } = await rig.status();
    expect(roster).toMatchObject({ source: "none", accepted: 0 });
    expect(freshness).toMatchObject({
      status: "starting",
      reasons: [{ code: "not-published", why: expect.stringContaining("cache:agent-list is absent") }],
    });
    rig.roster = toRosterText(rig.agents);
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", agents: 3, version: 1 });
  });
});

it("takes the valid entries, and counts why the others are none", async () => {
  const good = makeAgent(1);
  const rig = createRig();
  rig.roster = toRosterText([
    good,
    good,
    { ...makeAgent(2), stxAddress: makeAgent(2).stxAddress.toLowerCase() },
    { ...makeAgent(3), stxAddress: "ST2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKQVX8X0G" },
    { ...makeAgent(4), stxAddress: `${makeAgent(4).stxAddress.slice(0, -1)}0` },
    { ...makeAgent(5), btcAddress: "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx" },
    { displayName: "nobody" },
    "not even an object",
  ]);
  expect(await rig.alarm()).toMatchObject({ agents: 1 });
  expect((await rig.status()).roster.rejected).toEqual({
    "duplicate-stx-address": 1,
    "stx-address-lowercase": 1,
    "stx-address-testnet": 1,
    "stx-address-invalid": 1,
    "btc-address-testnet": 1,
    "missing-field": 1,
    "no-object": 1,
  });
});

it("keeps when an agent was verified and its identity; what of it cannot be read is unknown, and rejects nobody", async () => {
  const rig = createRig();
  rig.roster = toRosterText([
    { ...makeAgent(1), verifiedAt: "2026-01-12T09:30:00.000Z", erc8004AgentId: 7 },
    { ...makeAgent(2), verifiedAt: "soon", erc8004AgentId: "seven" },
    { ...makeAgent(3), verifiedAt: 5, erc8004AgentId: -1 },
    makeAgent(4),
  ]);
  expect(await rig.alarm()).toMatchObject({ agents: 4 });
  const rows = await db
    .selectFrom("agents")
    .select(["verified_at", "erc8004_agent_id"])
    .orderBy("stx_address")
    .execute();
  expect(rows.filter((row) => row.verified_at !== null)).toEqual([
    { verified_at: Date.parse("2026-01-12T09:30:00.000Z"), erc8004_agent_id: 7 },
  ]);
});
