import { env } from "cloudflare:workers";
import { MAX_UINT128, valueUsdMicros } from "@standings/balances";
import fc from "fast-check";
import { sql } from "kysely";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type AcceptedPrice,
  compileApplyRoster,
  compilePublish,
  compileTickWrites,
  createDb,
  executeBatch,
  findNewestPublication,
  findStandingsPage,
  KEEP_VERSIONS_MS,
  MAX_KEPT_VERSIONS,
  type NewPublication,
  type SourceWrite,
  type TokenBalance,
  usdMicrosSql,
} from "../src/index.ts";

const db = createDb(env.DB);
const ALICE = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7";
const BOB = "SP3JR7JXFT7ZM9JKSQPBQG1HPT0D365MA5TN0P12E";
const SPAM = "SP3NE50GEXFG9SZGTT51P40X2CKYSZ5CC4ZTZ7A2G.spam";

beforeEach(async () => {
  const tables = ["standings", "publications", "balances", "fetches", "tick_commits", "agents", "agent_words"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  await env.DB.prepare("UPDATE tokens SET price_usd = NULL, priced_at = NULL, price_source = NULL").run();
  await env.DB.prepare("DELETE FROM tokens WHERE token_id LIKE 'SP%'").run();
  await roster(ALICE, BOB);
});

describe("a tick's writes", () => {
  it("store one row per agent and token, valued with the tick's prices", async () => {
    await tick(1, {
      prices: PRICES,
      sources: [stacks(ALICE, { stx: 2_500_000n, sbtc: 0n }), bitcoin(ALICE, 150_000_000n)],
    });
    expect(await balances(ALICE)).toEqual([
      ["btc-l1", "150000000", 150_000_000_000],
      ["sbtc", "0", 0],
      ["stx", "2500000", 2_000_000],
    ]);
  });

  it("keep amounts of 2^64 and 2^128 - 1 to the last digit", async () => {
    const tokens = { [SPAM]: MAX_UINT128, [`${SPAM}2`]: 2n ** 64n };
    await tick(1, { sources: [stacks(ALICE, tokens)] });
    expect(await balances(ALICE)).toEqual([
      [SPAM, MAX_UINT128.toString(), null],
      [`${SPAM}2`, (2n ** 64n).toString(), null],
    ]);
  });

  it("turn a ranked token that a complete answer no longer names to zero, and drop any other", async () => {
    await tick(1, { sources: [stacks(ALICE, { stx: 5n, sbtc: 7n, [SPAM]: 9n }), bitcoin(ALICE, 3n)] });
    await tick(2, { sources: [stacks(ALICE, { stx: 5n })] });
    expect(await balances(ALICE)).toEqual([
      ["btc-l1", "3", null],
      ["sbtc", "0", null],
      ["stx", "5", null],
    ]);
  });

  it("leave every balance alone when the source failed, and keep its last good time", async () => {
    await tick(1, { sources: [stacks(ALICE, { stx: 5n }), bitcoin(ALICE, 3n)] });
    const before = await balances(ALICE);
    await tick(2, { sources: [failed(ALICE, "stacks", 2_000), failed(ALICE, "bitcoin", 2_000)] });
    expect(await balances(ALICE)).toEqual(before);
    const fetch = await db
      .selectFrom("fetches")
      .selectAll()
      .where("agent_address", "=", ALICE)
      .executeTakeFirstOrThrow();
    expect(fetch).toMatchObject({ stacks_good_at: 1_000, stacks_attempted_at: 2_000, stacks_error: "timeout" });
    expect(fetch).toMatchObject({ bitcoin_good_at: 1_000, bitcoin_attempted_at: 2_000, bitcoin_error: "timeout" });
  });

  it("touch nobody else's rows", async () => {
    await tick(1, { sources: [stacks(ALICE, { stx: 5n, [SPAM]: 1n }), stacks(BOB, { stx: 6n, [SPAM]: 2n })] });
    const bob = await balances(BOB);
    await tick(2, { sources: [stacks(ALICE, { stx: 1n })] });
    expect(await balances(BOB)).toEqual(bob);
  });

  it("are refused whole when their epoch is taken", async () => {
    await tick(1, { sources: [stacks(ALICE, { stx: 5n })] });
    await expect(tick(1, { sources: [stacks(ALICE, { stx: 999n })] })).rejects.toThrow(/UNIQUE/);
    expect(await balances(ALICE)).toEqual([["stx", "5", null]]);
  });
});

describe("a publication", () => {
  it("ranks by total descending, then by address, and leaves out who is pending", async () => {
    const carol = "SPKH9AWG0ENZ87J1X0PBD4HETP22G8W22AFNVF8K";
    await roster(ALICE, BOB, carol);
    await tick(1, {
      prices: PRICES,
      sources: [
        stacks(BOB, { stx: 1_000_000n }),
        bitcoin(BOB, 0n),
        stacks(ALICE, { stx: 1_000_000n }),
        bitcoin(ALICE, 0n),
        stacks(carol, { stx: 9_000_000n }),
      ],
      publish: { version: 1 },
    });
    const rows = await findStandingsPage(env.DB, db, 1, { offset: 0, limit: 10 });
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
    await tick(1, { prices: PRICES, sources: [stacks(ALICE, { stx: 1_000_000n }), bitcoin(ALICE, 0n)] });
    const doubled = PRICES.map((price) => ({ ...price, priceUsd: price.priceUsd * 2 }));
    await tick(2, {
      prices: doubled,
      sources: [stacks(BOB, { stx: 1_000_000n }), bitcoin(BOB, 0n)],
      publish: { version: 1 },
    });
    const rows = await findStandingsPage(env.DB, db, 1, { offset: 0, limit: 10 });
    expect(rows?.map((row) => row.total_usd)).toEqual([1_600_000, 1_600_000]);
  });

  it("survives amounts that cannot exist: they harm their own agent's total only", async () => {
    const most = 2n ** 127n;
    await tick(1, {
      prices: PRICES.map((price) => ({ ...price, priceUsd: 1e9 })),
      sources: [
        stacks(ALICE, { stx: most, sbtc: most }),
        bitcoin(ALICE, most),
        stacks(BOB, { stx: 1n }),
        bitcoin(BOB, 0n),
      ],
      publish: { version: 1 },
    });
    const rows = await findStandingsPage(env.DB, db, 1, { offset: 0, limit: 10 });
    expect(rows?.map((row) => row.stx_address)).toEqual([ALICE, BOB]);
    expect(rows?.[1]?.total_usd).toBe(1_000_000_000);
  });

  it("ranks unpriced holdings with a total of zero and no value", async () => {
    await tick(1, { sources: [stacks(ALICE, { stx: 5n, [SPAM]: 7n }), bitcoin(ALICE, 0n)], publish: { version: 1 } });
    const rows = await findStandingsPage(env.DB, db, 1, { offset: 0, limit: 10 });
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
        await executeBatch(env.DB, compilePublish(db, publication(1)));
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
      await tick(version, { sources: [], publish: { version, publishedAt } });
    }
    expect(await versions()).toEqual([2, 3]);
    await tick(4, { sources: [], publish: { version: 4, publishedAt: KEEP_VERSIONS_MS + 3 } });
    expect(await versions()).toEqual([3, 4]);
  });

  it("keeps a bounded number of versions however fast they come", async () => {
    const count = MAX_KEPT_VERSIONS + 3;
    for (let version = 1; version <= count; version++) {
      await executeBatch(env.DB, compilePublish(db, publication(version)));
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

const PRICES: AcceptedPrice[] = [
  { tokenId: "stx", priceUsd: 0.8, pricedAt: 900, source: "coingecko" },
  { tokenId: "btc-l1", priceUsd: 100_000, pricedAt: 950, source: "coingecko" },
  { tokenId: "sbtc", priceUsd: 100_000, pricedAt: 950, source: "coingecko" },
];

async function roster(...addresses: string[]) {
  const agents = addresses.map((stx_address, index) => ({
    stx_address,
    btc_address: `bc1-${index}`,
    display_name: null,
    bns_name: null,
    level: 1,
    level_name: "Verified Agent",
  }));
  await executeBatch(env.DB, compileApplyRoster(db, agents, 1));
}

function stacks(agentAddress: string, tokens: Record<string, bigint>): SourceWrite {
  const balances = Object.entries(tokens).map(([tokenId, raw]): TokenBalance => {
    return { tokenId, symbol: tokenId.slice(-8), rawAmount: raw.toString() };
  });
  return { agentAddress, source: "stacks", provider: "hiro", attemptedAt: 1_000, answer: { balances, leftOut: 0 } };
}

function bitcoin(agentAddress: string, raw: bigint): SourceWrite {
  const balances = [{ tokenId: "btc-l1", symbol: "BTC", rawAmount: raw.toString() }];
  return {
    agentAddress,
    source: "bitcoin",
    provider: "mempool.space",
    attemptedAt: 1_000,
    answer: { balances, leftOut: 0 },
  };
}

function failed(agentAddress: string, source: "stacks" | "bitcoin", attemptedAt: number): SourceWrite {
  return { agentAddress, source, provider: "hiro", attemptedAt, answer: { error: "timeout" } };
}

function publication(version: number, changes: Partial<NewPublication> = {}): NewPublication {
  return { version, epoch: version, rotation: 1, publishedAt: 1_000, staleAfter: 2_000, ...changes };
}

async function tick(
  epoch: number,
  writes: { prices?: AcceptedPrice[]; sources: SourceWrite[]; publish?: Partial<NewPublication> & { version: number } },
) {
  const commit = {
    epoch,
    tick_id: `tick-${epoch}-${Math.random()}`,
    trigger: "alarm",
    started_at: 1,
    committed_at: 2,
    agents: 1,
    failed: 0,
    subrequests: 3,
    outcome: "committed",
  };
  await executeBatch(env.DB, [
    ...compileTickWrites(db, { commit, rotation: 1, prices: writes.prices ?? [], sources: writes.sources }),
    ...(writes.publish ? compilePublish(db, publication(writes.publish.version, writes.publish)) : []),
  ]);
}

async function balances(agent: string) {
  const rows = await db
    .selectFrom("balances")
    .selectAll()
    .where("agent_address", "=", agent)
    .orderBy("token_id")
    .execute();
  return rows.map((row) => [row.token_id, row.raw_amount, row.usd_value]).sort();
}

async function versions() {
  const rows = await db.selectFrom("publications").select("version").orderBy("version").execute();
  return rows.map((row) => row.version);
}
