import { MAX_UINT128, valueUsdMicros } from "@standings/balances";
import fc from "fast-check";
import { sql } from "kysely";
import { beforeEach, describe, expect, it } from "vitest";
import { getListedAgents, usdMicrosSql } from "../src/index.ts";
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
