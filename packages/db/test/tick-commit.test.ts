import { env } from "cloudflare:workers";
import { MAX_UINT128, valueUsdMicros } from "@standings/balances";
import fc from "fast-check";
import { sql } from "kysely";
import { beforeEach, describe, expect, it } from "vitest";
import {
  compilePublish,
  findNewestPublication,
  findStandingsPage,
  getListedAgents,
  KEEP_VERSIONS_MS,
  MAX_KEPT_VERSIONS,
  usdMicrosSql,
} from "../src/index.ts";
import {
  ALICE,
  agent,
  applyRoster,
  BOB,
  balances,
  bitcoin,
  CAROL,
  db,
  failed,
  fetchOf,
  PRICES,
  publication,
  SPAM,
  stacks,
  tick,
  versions,
  wipe,
} from "./rig.ts";

beforeEach(async () => {
  await wipe();
  await applyRoster([agent(ALICE), agent(BOB)]);
});

describe("a tick's writes", () => {
  it("store one row per agent and token, valued with the tick's prices", async () => {
    await tick({
      prices: PRICES,
      answered: [stacks(ALICE, { stx: 2_500_000n, sbtc: 0n }), bitcoin(ALICE, 150_000_000n)],
    });
    expect(await balances(ALICE)).toEqual([
      ["btc-l1", "150000000", 150_000_000_000],
      ["sbtc", "0", 0],
      ["stx", "2500000", 2_000_000],
    ]);
  });

  it("keep amounts of 2^64 and 2^128 - 1 to the last digit", async () => {
    const tokens = { [SPAM]: MAX_UINT128, [`${SPAM}2`]: 2n ** 64n };
    await tick({ answered: [stacks(ALICE, tokens)] });
    expect(await balances(ALICE)).toEqual([
      [SPAM, MAX_UINT128.toString(), null],
      [`${SPAM}2`, (2n ** 64n).toString(), null],
    ]);
  });

  it("turn a ranked token that a complete answer no longer names to zero, and drop any other", async () => {
    await tick({ answered: [stacks(ALICE, { stx: 5n, sbtc: 7n, [SPAM]: 9n }), bitcoin(ALICE, 3n)] });
    await tick({ answered: [stacks(ALICE, { stx: 5n })] });
    expect(await balances(ALICE)).toEqual([
      ["btc-l1", "3", null],
      ["sbtc", "0", null],
      ["stx", "5", null],
    ]);
  });

  it("leave every balance alone when the source failed, and keep its last good time", async () => {
    await tick({ answered: [stacks(ALICE, { stx: 5n }), bitcoin(ALICE, 3n)] });
    const before = await balances(ALICE);
    await tick({ answered: [failed(ALICE, "stacks", 2_000), failed(ALICE, "bitcoin", 2_000)] });
    expect(await balances(ALICE)).toEqual(before);
    const fetch = await fetchOf(ALICE);
    expect(fetch).toMatchObject({ stacks_good_at: 1_000, stacks_attempted_at: 2_000, stacks_error: "timeout" });
    expect(fetch).toMatchObject({ bitcoin_good_at: 1_000, bitcoin_attempted_at: 2_000, bitcoin_error: "timeout" });
  });

  it("touch nobody else's rows", async () => {
    await tick({ answered: [stacks(ALICE, { stx: 5n, [SPAM]: 1n }), stacks(BOB, { stx: 6n, [SPAM]: 2n })] });
    const bob = await balances(BOB);
    await tick({ answered: [stacks(ALICE, { stx: 1n })] });
    expect(await balances(BOB)).toEqual(bob);
  });

  it("are refused whole when their epoch is taken", async () => {
    await tick({ epoch: 7, answered: [stacks(ALICE, { stx: 5n })] });
    const competing = {
      epoch: 7,
      roster: { upserts: [], removed: [BOB], at: 9 },
      answered: [stacks(ALICE, { stx: 999n })],
    };
    await expect(tick(competing)).rejects.toThrow(/UNIQUE/);
    expect(await balances(ALICE)).toEqual([["stx", "5", null]]);
    expect((await getListedAgents(db)).map((one) => one.stx_address)).toContain(BOB);
  });
});

describe("a publication", () => {
  it("ranks by total descending, then by address, and leaves out who is pending", async () => {
    await applyRoster([agent(ALICE), agent(BOB), agent(CAROL)]);
    await tick({
      prices: PRICES,
      answered: [
        stacks(BOB, { stx: 1_000_000n }),
        bitcoin(BOB, 0n),
        stacks(ALICE, { stx: 1_000_000n }),
        bitcoin(ALICE, 0n),
        stacks(CAROL, { stx: 9_000_000n }),
      ],
      publish: { version: 1 },
    });
    const rows = await findStandingsPage(db, 1, { offset: 0, limit: 10 });
    expect(rows?.map((row) => [row.rank, row.stx_address, row.total_usd])).toEqual([
      [1, ALICE, 800_000],
      [2, BOB, 800_000],
    ]);
    expect(await findNewestPublication(db)).toMatchObject({
      version: 1,
      agents: 2,
      pending: 1,
      total_usd: 1_600_000,
      prices: { stx: 0.8, "btc-l1": 100_000, sbtc: 100_000 },
      priced_at: 900,
    });
  });

  it("values every agent with one price vector, whenever their balances were captured", async () => {
    await tick({ prices: PRICES, answered: [stacks(ALICE, { stx: 1_000_000n }), bitcoin(ALICE, 0n)] });
    const doubled = PRICES.map((price) => ({ ...price, priceUsd: price.priceUsd * 2 }));
    await tick({
      prices: doubled,
      answered: [stacks(BOB, { stx: 1_000_000n }), bitcoin(BOB, 0n)],
      publish: { version: 1 },
    });
    const rows = await findStandingsPage(db, 1, { offset: 0, limit: 10 });
    expect(rows?.map((row) => row.total_usd)).toEqual([1_600_000, 1_600_000]);
  });

  it("survives amounts that cannot exist: they harm their own agent's total only", async () => {
    const most = 2n ** 127n;
    await tick({
      prices: PRICES.map((price) => ({ ...price, priceUsd: 1e9 })),
      answered: [
        stacks(ALICE, { stx: most, sbtc: most }),
        bitcoin(ALICE, most),
        stacks(BOB, { stx: 1n }),
        bitcoin(BOB, 0n),
      ],
      publish: { version: 1 },
    });
    const rows = await findStandingsPage(db, 1, { offset: 0, limit: 10 });
    expect(rows?.map((row) => row.stx_address)).toEqual([ALICE, BOB]);
    expect(rows?.[1]?.total_usd).toBe(1_000_000_000);
  });

  it("ranks unpriced holdings with a total of zero and no value", async () => {
    await tick({ answered: [stacks(ALICE, { stx: 5n, [SPAM]: 7n }), bitcoin(ALICE, 0n)], publish: { version: 1 } });
    const rows = await findStandingsPage(db, 1, { offset: 0, limit: 10 });
    expect(rows).toMatchObject([
      {
        total_usd: 0,
        tokens: [
          { id: SPAM, raw: "7", decimals: null, usd: null },
          { id: "stx", usd: null },
        ],
      },
    ]);
    expect(await findNewestPublication(db)).toMatchObject({ prices: {}, priced_at: null });
  });

  it("keeps prices to the last bit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 1e-12, max: 1e9, noNaN: true }), async (priceUsd) => {
        await env.DB.prepare("DELETE FROM publications").run();
        await env.DB.prepare(
          "UPDATE tokens SET price_usd = ?, priced_at = 1, price_source = 'x' WHERE token_id = 'stx'",
        )
          .bind(priceUsd)
          .run();
        await db.batch(compilePublish(db, publication(1)));
        expect((await findNewestPublication(db))?.prices.stx).toBe(priceUsd);
      }),
      { numRuns: 100 },
    );
  });

  it("prunes versions older than the keep time, but never the newest two", async () => {
    for (const [version, publishedAt] of [
      [1, 0],
      [2, 1],
      [3, KEEP_VERSIONS_MS + 2],
    ] as const) {
      await tick({ answered: [], publish: { version, publishedAt } });
    }
    expect(await versions()).toEqual([2, 3]);
    await tick({ answered: [], publish: { version: 4, publishedAt: KEEP_VERSIONS_MS + 3 } });
    expect(await versions()).toEqual([3, 4]);
  });

  it("keeps a bounded number of versions however fast they come", async () => {
    const count = MAX_KEPT_VERSIONS + 3;
    for (let version = 1; version <= count; version++) {
      await db.batch(compilePublish(db, publication(version)));
    }
    expect((await versions()).length).toBe(MAX_KEPT_VERSIONS);
  });
});

describe("valuation in SQL", () => {
  it("agrees with the exact value to one micro-dollar", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: 0n, max: 2_100_000_000_000_000n }),
        fc.integer({ min: 0, max: 18 }),
        fc.double({ min: 1e-9, max: 1e6, noNaN: true }),
        async (raw, decimals, price) => {
          const exact = valueUsdMicros(raw, decimals, price);
          fc.pre(exact <= 2_000_000_000_000_000n); // two billion USD in one token: past it a double's own step is a micro-dollar
          const result = await sql<{ usd: number }>`
            SELECT ${usdMicrosSql("raw", "decimals", "price")} AS usd
            FROM (SELECT ${raw.toString()} AS raw, CAST(${decimals} AS INTEGER) AS decimals, ${price} AS price)`.execute(
            db,
          );
          expect(Math.abs(Number(exact) - (result.rows[0]?.usd ?? Number.NaN))).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 300 },
    );
  });
});
