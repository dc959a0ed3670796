import { beforeEach, describe, expect, it } from "vitest";
import { ADDRESS_CHANGED, FALL_HELD, type Release } from "../src/index.ts";
import {
  ALICE,
  agent,
  applyRoster,
  BOB,
  balances,
  bitcoin,
  db,
  failed,
  fetchOf,
  PRICES,
  SPAM,
  stacks,
  tick,
  wipe,
} from "./rig.ts";

beforeEach(async () => {
  await wipe();
  await applyRoster([agent(ALICE, { btc_address: "bc1-alice" }), agent(BOB)]);
});

describe("an answer", () => {
  it("is dropped when it was asked of an address that is not the agent's, lane by lane", async () => {
    await tick({ answered: [stacks(ALICE, { stx: 5n, [SPAM]: 9n }), bitcoin(ALICE, 3n)] });
    const before = [await balances(ALICE), await fetchOf(ALICE)];
    const wrong = [
      { ...bitcoin(ALICE, 7n, 2_000), asked: "bc1-other" },
      { ...bitcoin(BOB, 7n, 2_000), asked: "bc1-alice" },
      { ...stacks(ALICE, { stx: 7n }, 2_000), asked: BOB },
      { ...stacks(ALICE, { stx: 7n }, 2_000), asked: "bc1-alice" },
    ];
    for (const answer of wrong) await tick({ answered: [answer] });
    expect([await balances(ALICE), await fetchOf(ALICE)]).toEqual(before);
    expect(await balances(BOB)).toEqual([]);
    const attempted = await db.selectFrom("fetches").select("agent_address").execute();
    expect(attempted).toEqual([{ agent_address: ALICE }]);
    await tick({ answered: [{ ...bitcoin(ALICE, 7n, 2_000), asked: "bc1-other" }, stacks(ALICE, { stx: 8n }, 3_000)] });
    expect(await balances(ALICE)).toEqual([
      ["btc-l1", "3", null],
      ["stx", "8", null],
    ]);
    expect(await fetchOf(ALICE)).toMatchObject({ stacks_good_at: 3_000, bitcoin_good_at: 1_000 });
  });

  it("is dropped when the address was corrected in the same batch, and taken when it was asked of the new one", async () => {
    await tick({ answered: [bitcoin(ALICE, 3n)] });
    const roster = { upserts: [agent(ALICE, { btc_address: "bc1-new" })], removed: [], at: 2 };
    await tick({ roster, answered: [bitcoin(ALICE, 7n, 2_000)] });
    expect(await balances(ALICE)).toEqual([["btc-l1", "3", null]]);
    expect(await fetchOf(ALICE)).toMatchObject({ bitcoin_good_at: 1_000, bitcoin_error: ADDRESS_CHANGED });
    await tick({ answered: [{ ...bitcoin(ALICE, 7n, 3_000), asked: "bc1-new" }] });
    expect(await balances(ALICE)).toEqual([["btc-l1", "7", null]]);
  });

  it("of one lane leaves the other as it was, and both make one row", async () => {
    await tick({ answered: [stacks(ALICE, {}, 1_000), bitcoin(ALICE, 3n, 1_500)] });
    await tick({ answered: [failed(ALICE, "stacks", 2_000)] });
    await tick({ answered: [{ ...bitcoin(ALICE, 3n, 3_000), error: FALL_HELD, heldSince: 1_500 }] });
    expect(await fetchOf(ALICE)).toMatchObject({
      stacks_attempted_at: 2_000,
      stacks_good_at: 1_000,
      stacks_error: "timeout",
      stacks_held_since: null,
      bitcoin_attempted_at: 3_000,
      bitcoin_good_at: 3_000,
      bitcoin_error: FALL_HELD,
      bitcoin_held_since: 1_500,
    });
  });

  it("that is not asked for keeps its lane's mark", async () => {
    const kept = { error: FALL_HELD, heldSince: 500 };
    await tick({
      answered: [
        { ...stacks(ALICE, {}), ...kept },
        { ...bitcoin(ALICE, 3n), ...kept },
      ],
    });
    await tick({ answered: [stacks(ALICE, {})] });
    expect(await fetchOf(ALICE)).toMatchObject({ stacks_error: null, stacks_held_since: null });
    expect(await fetchOf(ALICE)).toMatchObject({ bitcoin_error: FALL_HELD, bitcoin_held_since: 500 });
    await tick({ answered: [{ ...stacks(ALICE, {}), ...kept }] });
    await tick({ answered: [bitcoin(ALICE, 3n)] });
    expect(await fetchOf(ALICE)).toMatchObject({ stacks_error: FALL_HELD, stacks_held_since: 500 });
    expect(await fetchOf(ALICE)).toMatchObject({ bitcoin_error: null, bitcoin_held_since: null });
  });

  it("with a failure leaves the number of tokens left out, and a complete one sets it", async () => {
    const answer = { agent: ALICE, lane: "stacks", asked: ALICE, at: 1, heldSince: null, rotation: 1 } as const;
    await tick({ answers: [{ ...answer, error: null, leftOut: 7 }] });
    await tick({ answers: [{ ...answer, error: "timeout", leftOut: null }] });
    expect(await fetchOf(ALICE)).toMatchObject({ tokens_left_out: 7 });
    await tick({ answered: [bitcoin(ALICE, 3n)] });
    expect(await fetchOf(ALICE)).toMatchObject({ tokens_left_out: 7 });
    await tick({ answers: [{ ...answer, error: null, leftOut: 0 }] });
    expect(await fetchOf(ALICE)).toMatchObject({ tokens_left_out: 0 });
  });

  it("never lowers the rotation that an older release would go on from", async () => {
    await tick({
      answered: [
        { ...stacks(ALICE, {}), rotation: 9 },
        { ...bitcoin(ALICE, 0n), rotation: 4 },
      ],
    });
    await tick({ answered: [{ ...bitcoin(ALICE, 0n), rotation: 5 }] });
    expect(await fetchOf(ALICE)).toMatchObject({ rotation: 9 });
  });
});

describe("a changed amount", () => {
  it("is written with its time; an unchanged one keeps the time it came", async () => {
    await tick({ answered: [stacks(ALICE, { stx: 5n, sbtc: 6n }, 1_000)] });
    const upsert = { agent: ALICE, at: 2_000, provider: "hiro", asked: ALICE };
    await tick({
      upserts: [
        { ...upsert, tokenId: "stx", raw: "5" },
        { ...upsert, tokenId: "sbtc", raw: "7" },
      ],
    });
    const rows = await db.selectFrom("balances").select(["token_id", "captured_at"]).orderBy("token_id").execute();
    expect(rows).toEqual([
      { token_id: "sbtc", captured_at: 2_000 },
      { token_id: "stx", captured_at: 1_000 },
    ]);
  });

  it("that is gone is no row for an uncounted token, never for a counted one", async () => {
    await tick({ answered: [stacks(ALICE, { stx: 5n, [SPAM]: 9n }), stacks(BOB, { [SPAM]: 1n })] });
    const gone = { agent: ALICE, asked: ALICE };
    await tick({
      deletes: [
        { ...gone, tokenId: SPAM },
        { ...gone, tokenId: "stx" },
      ],
    });
    expect(await balances(ALICE)).toEqual([["stx", "5", null]]);
    expect(await balances(BOB)).toEqual([[SPAM, "1", null]]);
  });

  it("that is gone stays when another address was asked", async () => {
    await tick({ answered: [stacks(ALICE, { [SPAM]: 9n })] });
    await tick({ deletes: [{ agent: ALICE, tokenId: SPAM, asked: BOB }] });
    expect(await balances(ALICE)).toEqual([[SPAM, "9", null]]);
  });
});

describe("a release", () => {
  const release: Release = { agent: ALICE, lane: "stacks", tokenId: "stx", at: 3_000 };
  const held = { ...stacks(ALICE, { stx: 5_000_000n, sbtc: 6n }, 2_000), error: FALL_HELD, heldSince: 1_000 };

  it("makes the amount zero, worth nothing, and ends the mark of its lane", async () => {
    await tick({ prices: PRICES, answered: [held, { ...bitcoin(ALICE, 3n), error: FALL_HELD, heldSince: 900 }] });
    await tick({ releases: [release] });
    expect(await balances(ALICE)).toEqual([
      ["btc-l1", "3", 3_000],
      ["sbtc", "6", 6_000],
      ["stx", "0", 0],
    ]);
    expect(await fetchOf(ALICE)).toMatchObject({
      stacks_error: null,
      stacks_held_since: null,
      stacks_good_at: 2_000,
      bitcoin_error: FALL_HELD,
      bitcoin_held_since: 900,
    });
  });

  it("leaves another failure of the lane standing", async () => {
    await tick({ answered: [{ ...held, error: "timeout" }] });
    await tick({ releases: [release] });
    expect(await fetchOf(ALICE)).toMatchObject({ stacks_error: "timeout", stacks_held_since: null });
  });

  it("leaves the mark while another holding of the lane is kept", async () => {
    await tick({ answered: [held] });
    await tick({ releases: [{ ...release, stillHeldSince: 1_500 }] });
    expect(await balances(ALICE)).toContainEqual(["stx", "0", null]);
    expect(await fetchOf(ALICE)).toMatchObject({ stacks_error: FALL_HELD, stacks_held_since: 1_500 });
  });

  it("gives way to an answer of its own batch, which knows more", async () => {
    await tick({ answered: [held] });
    const again = { ...stacks(ALICE, { stx: 8n, sbtc: 6n }, 3_000), error: FALL_HELD, heldSince: 1_200 };
    await tick({ releases: [release], answered: [again] });
    expect(await balances(ALICE)).toContainEqual(["stx", "8", null]);
    expect(await fetchOf(ALICE)).toMatchObject({ stacks_error: FALL_HELD, stacks_held_since: 1_200 });
  });

  it("does nothing to an agent that is listed no more, nor about an address that was corrected since", async () => {
    const bob = { ...release, agent: BOB };
    const coin: Release = { agent: ALICE, lane: "bitcoin", tokenId: "btc-l1", at: 3_000 };
    const kept = { error: FALL_HELD, heldSince: 900 };
    await tick({
      answered: [
        { ...bitcoin(ALICE, 3n), ...kept },
        { ...stacks(BOB, { stx: 5n }), ...kept },
      ],
    });
    await tick({
      roster: { upserts: [agent(ALICE, { btc_address: "bc1-new" })], removed: [BOB], at: 2 },
      releases: [bob, coin],
    });
    expect(await balances(ALICE)).toEqual([["btc-l1", "3", null]]);
    expect(await fetchOf(ALICE)).toMatchObject({ bitcoin_error: ADDRESS_CHANGED });
    expect(await balances(BOB)).toEqual([["stx", "5", null]]);
    expect(await fetchOf(BOB)).toMatchObject({ stacks_error: FALL_HELD, stacks_held_since: 900 });
  });
});

describe("prices", () => {
  const price = { tokenId: "stx", priceUsd: 0.8, pricedAt: 2_000, source: "coingecko" };
  const stored = async () =>
    (await db.selectFrom("tokens").selectAll().where("token_id", "=", "stx").execute()).map((row) => [
      row.price_usd,
      row.priced_at,
      row.price_source,
    ]);

  it("never go back to an older quote", async () => {
    await tick({ prices: [price] });
    await tick({ prices: [{ ...price, priceUsd: 0.5, pricedAt: 1_999 }] });
    expect(await stored()).toEqual([[0.8, 2_000, "coingecko"]]);
    await tick({ prices: [{ ...price, priceUsd: 0.6, pricedAt: 2_000 }] });
    expect(await stored()).toEqual([[0.6, 2_000, "coingecko"]]);
    await tick({ prices: [{ ...price, priceUsd: 0.7, pricedAt: 2_001 }] });
    expect(await stored()).toEqual([[0.7, 2_001, "coingecko"]]);
  });

  it("that stay the same are not written", async () => {
    await tick({ prices: PRICES });
    expect((await tick({ prices: PRICES })).rowsWritten).toBe(1);
  });
});

describe("tokens", () => {
  const tokenIds = async () => (await db.selectFrom("tokens").select("token_id").execute()).map((row) => row.token_id);

  it("that nobody holds go once a rotation; what is held and what counts stays", async () => {
    await tick({ answered: [stacks(ALICE, { [SPAM]: 9n, [`${SPAM}2`]: 1n })] });
    await tick({ answered: [stacks(ALICE, { [SPAM]: 9n })] });
    expect(await tokenIds()).toContain(`${SPAM}2`);
    await tick({ prune: true });
    expect(await tokenIds()).toEqual([SPAM, "btc-l1", "sbtc", "stx"]);
  });

  it("come back as new when they are held again", async () => {
    await tick({ answered: [stacks(ALICE, { [SPAM]: 9n })] });
    await tick({ answered: [stacks(ALICE, {})], prune: true });
    expect(await tokenIds()).not.toContain(SPAM);
    await tick({ answered: [stacks(ALICE, { [SPAM]: 3n })] });
    expect(await tokenIds()).toContain(SPAM);
  });

  it("keep the symbol they came with", async () => {
    await tick({ newTokens: [{ tokenId: SPAM, symbol: "ONE" }] });
    await tick({ newTokens: [{ tokenId: SPAM, symbol: "TWO" }] });
    const row = await db.selectFrom("tokens").select("symbol").where("token_id", "=", SPAM).executeTakeFirst();
    expect(row).toEqual({ symbol: "ONE" });
  });
});
