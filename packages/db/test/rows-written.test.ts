import { beforeEach, describe, expect, it } from "vitest";
import {
  compilePublish,
  compileTickWrites,
  MAX_BATCH_STATEMENTS,
  MAX_JSON_PARAMETER_BYTES,
  type RosterAgent,
  type TickWrites,
} from "../src/index.ts";
import {
  type Answered,
  agent,
  applyRoster,
  bitcoin,
  db,
  fetchOf,
  PRICES,
  publication,
  stacks,
  tick,
  toCommit,
  toLaneAnswer,
  toWrites,
  wipe,
} from "./rig.ts";

beforeEach(wipe);

describe("an unchanged tick", () => {
  const HELD = { stx: 5n, sbtc: 6n, [contract(1)]: 1n, [contract(2)]: 2n, [contract(3)]: 3n };

  /** The same answers once more, with every amount, token, price and agent written out: SQL must see that all is known. */
  async function repeat(roster: readonly RosterAgent[], answered: readonly Answered[]) {
    await applyRoster(roster);
    const everything = await toWrites(answered);
    const answers = answered.map((one) => toLaneAnswer(one, { ...UNKNOWN, btcAddress: bitcoinOf(one.agent) }));
    const batch = { ...everything, answers, prices: PRICES, roster: { upserts: roster, removed: [], at: 2 } };
    const freshness = { facts: "{}", at: 1, count: false };
    await tick({ ...batch, freshness });
    return tick({
      ...batch,
      answers: answers.map((one) => ({ ...one, at: 2_000 })),
      freshness: { ...freshness, at: 2 },
    });
  }

  const UNKNOWN = {
    listed: true,
    tokens: new Map<string, string>(),
    stacks: { goodAt: null, error: null, heldSince: null },
    bitcoin: { goodAt: null, error: null, heldSince: null },
  };
  const bitcoinOf = (address: string) => agent(address).btc_address;

  it("of 100 agents with 6 tokens each writes at most 130 rows with both lanes together", async () => {
    const roster = crowd(100);
    const answered = roster.flatMap((one) => [stacks(one.stx_address, HELD), bitcoin(one.stx_address, 7n)]);
    const { rowsWritten } = await repeat(roster, answered);
    expect(await fetchOf(address(99))).toMatchObject({ stacks_good_at: 2_000, bitcoin_good_at: 2_000 });
    expect(rowsWritten).toBeLessThanOrEqual(130);
  });

  it("of 100 agents a lane, at different places, writes at most 230", async () => {
    const roster = crowd(200);
    const answered = roster.map((one, index) =>
      index < 100 ? stacks(one.stx_address, HELD) : bitcoin(one.stx_address, 7n),
    );
    const { rowsWritten } = await repeat(roster, answered);
    expect(await fetchOf(address(99))).toMatchObject({ stacks_good_at: 2_000 });
    expect(await fetchOf(address(100))).toMatchObject({ bitcoin_good_at: 2_000 });
    expect(rowsWritten).toBeLessThanOrEqual(230);
  });
});

describe("rows read", () => {
  it("by deletes and by a roster's words grow with what is named, not with what is stored", async () => {
    const roster = crowd(400);
    const tokens = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [contract(index), 1n]));
    await applyRoster(roster);
    await tick({ answered: roster.map((one) => stacks(one.stx_address, tokens)) });
    const gone = roster.slice(0, 20).map((one) => stacks(one.stx_address, {}));
    const deletes = await tick({ answered: gone });
    expect(deletes.rowsWritten).toBe(1 + 20 + 200);
    expect(deletes.rowsRead).toBeLessThan(3_000);
    const renamed = roster.slice(0, 20).map((one) => ({ ...one, display_name: "Renamed" }));
    const words = await tick({
      roster: { upserts: renamed, removed: roster.slice(-20).map((one) => one.stx_address), at: 2 },
    });
    expect(words.rowsRead).toBeLessThan(3_000);
  });

  it("by a publication grow with the agents, however many claim one Bitcoin address", async () => {
    const readsOf = async (size: number) => {
      await wipe();
      const roster = crowd(size).map((one) => ({ ...one, btc_address: "bc1-shared" }));
      await applyRoster(roster);
      await tick({ answered: roster.flatMap((one) => [stacks(one.stx_address, {}), bitcoin(one.stx_address, 1n)]) });
      return (await db.batch(compilePublish(db, publication(1)))).rowsRead;
    };
    expect(await readsOf(400)).toBeLessThan(5 * (await readsOf(100)));
  });
});

describe("the largest tick", () => {
  it("fits into one batch: 500 agents with 100 tokens each and a roster of 5,000 that all changed", async () => {
    const roster = crowd(5_000).map((one) => ({ ...one, display_name: "A name of many words ".repeat(3) }));
    const writes = fullTick(roster);
    const queries = [...compileTickWrites(db, writes), ...compilePublish(db, publication(1))];
    expect(queries.length).toBeLessThanOrEqual(MAX_BATCH_STATEMENTS);
    for (const parameter of queries.flatMap((query) => query.parameters)) {
      expect(String(parameter).length).toBeLessThanOrEqual(MAX_JSON_PARAMETER_BYTES);
    }
    await db.batch(queries);
    const stored = await db
      .selectFrom("balances")
      .select((select) => select.fn.countAll().as("rows"))
      .execute();
    expect(stored).toEqual([{ rows: 50_000 }]);
  });

  function fullTick(roster: readonly RosterAgent[]): TickWrites {
    const asked = roster.slice(0, 500).map((one) => one.stx_address);
    const tokenIds = Array.from({ length: 100 }, (_, index) => contract(index));
    const pairs = asked.flatMap((one) => tokenIds.map((tokenId) => ({ agent: one, tokenId, asked: one })));
    return {
      commit: toCommit(1),
      roster: { upserts: roster, removed: crowd(5_000, 5_000).map((one) => one.stx_address), at: 1 },
      prices: PRICES,
      newTokens: pairs.map(({ agent, tokenId }) => ({
        tokenId: `${tokenId}${agent.slice(-4)}`,
        symbol: "X".repeat(32),
      })),
      upserts: pairs.map((pair) => ({ ...pair, raw: "9".repeat(39), at: 1_800_000_000_000, provider: "hiro" })),
      deletes: pairs.map((pair) => ({ ...pair, tokenId: `${pair.tokenId}x` })),
      answers: asked.flatMap((one) =>
        [stacks(one, {}), bitcoin(one, 0n)].map((answer) => toLaneAnswer({ ...answer, asked: one }, undefined)),
      ),
      releases: asked.map((one) => ({ agent: one, lane: "stacks", tokenId: "stx", at: 1 })),
      freshness: { facts: "{}", at: 1, count: true },
      prune: true,
    };
  }
});

function address(place: number): string {
  return `SP${String(place).padStart(39, "0")}`;
}

function crowd(size: number, from = 0): RosterAgent[] {
  return Array.from({ length: size }, (_, index) => agent(address(from + index)));
}

function contract(place: number): string {
  return `SP3NE50GEXFG9SZGTT51P40X2CKYSZ5CC4ZTZ7A2G.a-contract-name-of-forty-characters-${String(place).padStart(3, "0")}`;
}
