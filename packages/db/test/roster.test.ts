import { beforeEach, describe, expect, it } from "vitest";
import { ADDRESS_CHANGED, FALL_HELD, findMatches, getListedAgents, KEEP_FRESH_RETURN_MS } from "../src/index.ts";
import { ALICE, agent, applyRoster, BOB, balances, bitcoin, CAROL, db, fetchOf, stacks, tick, wipe } from "./rig.ts";

const LEFT_AT = 5_000_000;

beforeEach(wipe);

describe("a roster's change", () => {
  it("adds, changes and removes just the agents it names, and keeps what the roster says of them", async () => {
    await applyRoster([agent(ALICE), agent(BOB)], 1);
    const change = agent(ALICE, { display_name: "Marten", verified_at: 1_700_000_000_123, erc8004_agent_id: 7 });
    await tick({ roster: { upserts: [change, agent(CAROL)], removed: [BOB], at: 2 } });
    expect(await getListedAgents(db)).toEqual([change, agent(CAROL)]);
    const rows = await db.selectFrom("agents").select(["stx_address", "listed_at", "removed_at"]).execute();
    expect(rows).toEqual([
      { stx_address: ALICE, listed_at: 2, removed_at: null },
      { stx_address: BOB, listed_at: 1, removed_at: 2 },
      { stx_address: CAROL, listed_at: 2, removed_at: null },
    ]);
  });

  it("writes nothing for an agent that is stored like that already", async () => {
    const marten = agent(ALICE, { display_name: "Marten", verified_at: 5, erc8004_agent_id: 7 });
    await applyRoster([marten, agent(BOB)], 1);
    const { rowsWritten } = await tick({ roster: { upserts: [marten, agent(BOB)], removed: [], at: 2 } });
    expect(rowsWritten).toBe(1); // the fence
  });

  it.each([
    { btc_address: "bc1-other" },
    { display_name: "Otter" },
    { bns_name: "otter.btc" },
    { level: 2 },
    { level_name: "Genesis" },
    { verified_at: 5 },
    { erc8004_agent_id: 7 },
  ])("sees that %o changed, also back to nothing", async (change) => {
    await applyRoster([agent(ALICE)], 1);
    for (const next of [agent(ALICE, change), agent(ALICE)]) {
      await tick({ roster: { upserts: [next], removed: [], at: 2 } });
      expect(await getListedAgents(db)).toEqual([next]);
    }
  });

  it("never moves the time at which an agent left", async () => {
    await applyRoster([agent(ALICE)], 1);
    for (const at of [2, 3]) await tick({ roster: { upserts: [], removed: [ALICE], at } });
    expect(await db.selectFrom("agents").select("removed_at").execute()).toEqual([{ removed_at: 2 }]);
  });

  it("comes before the answers of its own batch: a new agent's count, a removed agent's do not", async () => {
    await applyRoster([agent(ALICE)], 1);
    const answered = [stacks(ALICE, { stx: 5n }), stacks(BOB, { stx: 6n })];
    await tick({ roster: { upserts: [agent(BOB)], removed: [ALICE], at: 2 }, answered });
    expect(await balances(ALICE)).toEqual([]);
    expect(await balances(BOB)).toEqual([["stx", "6", null]]);
    const attempted = await db.selectFrom("fetches").select("agent_address").execute();
    expect(attempted).toEqual([{ agent_address: BOB }]);
  });

  it("ends the words of whom it removes and leaves everybody else's", async () => {
    await applyRoster([agent(ALICE, { display_name: "Marten" }), agent(BOB, { display_name: "Otter" })], 1);
    const answered = [ALICE, BOB].flatMap((one) => [stacks(one, {}), bitcoin(one, 0n)]);
    await tick({ answered, publish: { version: 1 } });
    await tick({ roster: { upserts: [], removed: [ALICE], at: 2 }, publish: { version: 2 } });
    expect((await findMatches(db, 1, ["marten"], 9))?.rows).toHaveLength(1);
    expect((await findMatches(db, 2, ["otter"], 9))?.rows).toHaveLength(1);
    const words = await db.selectFrom("agent_words").selectAll().where("stx_address", "=", ALICE).execute();
    expect(words.map((row) => row.until_version)).toEqual(words.map(() => 2));
  });
});

describe("a corrected Bitcoin address", () => {
  it("marks the agent until it is asked again, and ends what was kept of the old one", async () => {
    await applyRoster([agent(ALICE, { btc_address: "bc1-old" })], 1);
    await tick({ answered: [{ ...bitcoin(ALICE, 3n), error: FALL_HELD, heldSince: 500 }] });
    await applyRoster([agent(ALICE, { btc_address: "bc1-new" })], 2);
    expect(await fetchOf(ALICE)).toMatchObject({ bitcoin_error: ADDRESS_CHANGED, bitcoin_held_since: null });
    await tick({ answered: [bitcoin(ALICE, 4n)] });
    expect(await fetchOf(ALICE)).toMatchObject({ bitcoin_error: null });
  });

  it("may be swapped with another agent's", async () => {
    await applyRoster([agent(ALICE, { btc_address: "bc1-a" }), agent(BOB, { btc_address: "bc1-b" })], 1);
    await applyRoster([agent(ALICE, { btc_address: "bc1-b" }), agent(BOB, { btc_address: "bc1-a" })], 2);
    expect((await getListedAgents(db)).map((one) => one.btc_address)).toEqual(["bc1-b", "bc1-a"]);
  });
});

describe("an agent that comes back", () => {
  const held = { ...stacks(ALICE, { stx: 5n }), error: FALL_HELD, heldSince: 500 };

  async function comeBack(afterMs: number) {
    await applyRoster([agent(ALICE)], 1);
    await tick({ answered: [held, bitcoin(ALICE, 3n)] });
    await applyRoster([], LEFT_AT);
    await applyRoster([agent(ALICE)], LEFT_AT + afterMs);
    return fetchOf(ALICE);
  }

  it("within a day is as it was", async () => {
    expect(await comeBack(KEEP_FRESH_RETURN_MS)).toMatchObject({
      stacks_good_at: 1_000,
      stacks_error: FALL_HELD,
      stacks_held_since: 500,
      bitcoin_good_at: 1_000,
    });
  });

  it("later is pending until both lanes have answered, its last balances unchanged until then", async () => {
    expect(await comeBack(KEEP_FRESH_RETURN_MS + 1)).toMatchObject({
      stacks_good_at: null,
      stacks_error: null,
      stacks_held_since: null,
      bitcoin_good_at: null,
      bitcoin_error: null,
    });
    expect(await balances(ALICE)).toEqual([
      ["btc-l1", "3", null],
      ["stx", "5", null],
    ]);
    await tick({ answered: [stacks(ALICE, { stx: 5n }, 9_000)], publish: { version: 1 } });
    expect(await db.selectFrom("publications").select(["agents", "pending"]).execute()).toEqual([
      { agents: 0, pending: 1 },
    ]);
    await tick({ answered: [bitcoin(ALICE, 3n, 9_000)], publish: { version: 2 } });
    expect(await db.selectFrom("standings").select(["version", "updated_at"]).execute()).toEqual([
      { version: 2, updated_at: 9_000 },
    ]);
  });

  it("keeps the error of its last attempt, which says nothing of its balances", async () => {
    await applyRoster([agent(ALICE)], 1);
    await tick({ answered: [{ agent: ALICE, lane: "bitcoin", at: 1_000, error: "http-500" }] });
    await applyRoster([], LEFT_AT);
    await applyRoster([agent(ALICE)], LEFT_AT + KEEP_FRESH_RETURN_MS + 1);
    expect(await fetchOf(ALICE)).toMatchObject({ bitcoin_attempted_at: 1_000, bitcoin_error: "http-500" });
  });
});
