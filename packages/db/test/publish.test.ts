import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  compilePublish,
  FALL_HELD,
  findNewestPublication,
  findStanding,
  findStandingsPage,
  getPendingAgent,
  KEEP_VERSIONS_MS,
  MAX_KEPT_VERSIONS,
  type RosterAgent,
} from "../src/index.ts";
import {
  ALICE,
  agent,
  applyRoster,
  BOB,
  bitcoin,
  CAROL,
  db,
  failed,
  PRICES,
  publication,
  SPAM,
  stacks,
  tick,
  versions,
  wipe,
} from "./rig.ts";

const PROPERTY_TIMEOUT_MS = 60_000;

beforeEach(async () => {
  await wipe();
  await applyRoster([agent(ALICE), agent(BOB)]);
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

describe("a published row", () => {
  it("says of each holding whether it counts, and if not, why", async () => {
    const prices = PRICES.filter(({ tokenId }) => tokenId !== "sbtc");
    const answered = [stacks(ALICE, { stx: 1_000_000n, sbtc: 7n, [SPAM]: 9n }), bitcoin(ALICE, 100n)];
    await tick({ prices, answered, publish: { version: 1 } });
    const row = await findStanding(db, 1, ALICE);
    expect(row?.tokens.map(({ id, counted, reason }) => [id, counted, reason])).toEqual([
      ["stx", true, null],
      ["btc-l1", true, null],
      [SPAM, false, "unlisted"],
      ["sbtc", false, "no-price"],
    ]);
    expect(row?.total_usd).toBe(900_000);
  });

  it("leaves a price of an uncounted token out of the total", async () => {
    const answered = [stacks(ALICE, { stx: 1_000_000n, [SPAM]: 9n }), bitcoin(ALICE, 0n)];
    await tick({ prices: PRICES, answered });
    await tick({ prices: [{ tokenId: SPAM, priceUsd: 1e6, pricedAt: 1, source: "x" }] });
    await env.DB.prepare("UPDATE tokens SET decimals = 0 WHERE token_id = ?").bind(SPAM).run();
    await tick({ publish: { version: 1 } });
    const row = await findStanding(db, 1, ALICE);
    expect(row).toMatchObject({ total_usd: 800_000, tokens: [{ id: SPAM, usd: 9e12, counted: false }, { id: "stx" }] });
  });

  it("is as old as the older lane's last good answer, or as what is kept against an answer", async () => {
    const updatedAt = async (version: number) => (await findStanding(db, version, ALICE))?.updated_at;
    await tick({ answered: [stacks(ALICE, {}, 5_000), bitcoin(ALICE, 0n, 4_000)], publish: { version: 1 } });
    expect(await updatedAt(1)).toBe(4_000);
    const kept = { error: FALL_HELD, heldSince: 3_000 };
    await tick({ answered: [{ ...stacks(ALICE, {}, 6_000), ...kept }], publish: { version: 2 } });
    expect(await updatedAt(2)).toBe(3_000);
    await tick({ answered: [stacks(ALICE, {}, 7_000)], publish: { version: 3 } });
    expect(await updatedAt(3)).toBe(4_000);
    await tick({ answered: [{ ...bitcoin(ALICE, 0n, 8_000), ...kept }], publish: { version: 4 } });
    expect(await updatedAt(4)).toBe(3_000);
  });

  it("is partial while a lane failed at its last attempt or a holding is kept", async () => {
    await tick({ answered: [stacks(ALICE, {}), bitcoin(ALICE, 0n)], publish: { version: 1 } });
    await tick({ answered: [failed(ALICE, "bitcoin", 2_000)], publish: { version: 2 } });
    const held = { ...bitcoin(ALICE, 0n), error: FALL_HELD, heldSince: 1_000 };
    await tick({ answered: [held], publish: { version: 3 } });
    await tick({ answered: [bitcoin(ALICE, 0n)], publish: { version: 4 } });
    const partial = await Promise.all(
      [1, 2, 3, 4].map(async (version) => (await findStanding(db, version, ALICE))?.partial),
    );
    expect(partial).toEqual([false, true, true, false]);
    expect(await findNewestPublication(db)).toMatchObject({ partial: 0 });
  });
});

describe("a Bitcoin address that several agents claim", () => {
  const SHARED = { btc_address: "bc1-shared" };

  async function publishClaims(roster: readonly RosterAgent[], version = 1) {
    await applyRoster(roster);
    const answered = roster.flatMap((one) => [stacks(one.stx_address, { stx: 10n }), bitcoin(one.stx_address, 100n)]);
    await tick({ prices: PRICES, answered, publish: { version } });
    const rows = (await findStandingsPage(db, version, { offset: 0, limit: 100 })) ?? [];
    return rows.map((row) => [row.stx_address, row.total_usd, row.tokens[0]?.counted, row.tokens[0]?.reason]);
  }

  it("counts for the first verified, and is listed but not counted for the others", async () => {
    const claims = [
      agent(ALICE, SHARED),
      agent(BOB, { ...SHARED, verified_at: 9 }),
      agent(CAROL, { ...SHARED, verified_at: 5 }),
    ];
    expect(await publishClaims(claims)).toEqual([
      [CAROL, 100_008, true, null],
      [ALICE, 8, false, "claimed-by-another"],
      [BOB, 8, false, "claimed-by-another"],
    ]);
    expect((await getPendingAgent(db, BOB)).tokens).toMatchObject([
      { id: "btc-l1", counted: false },
      { id: "stx", counted: true },
    ]);
    expect((await getPendingAgent(db, CAROL)).tokens).toMatchObject([{ id: "btc-l1", counted: true }, { id: "stx" }]);
  });

  it("counts for the next when the first leaves the roster", async () => {
    const [first, second] = [agent(ALICE, { ...SHARED, verified_at: 1 }), agent(BOB, { ...SHARED, verified_at: 2 })];
    await publishClaims([first, second]);
    expect(await publishClaims([second], 2)).toEqual([[BOB, 100_008, true, null]]);
  });

  it(
    "counts for at most one, exactly one when all are ranked, whoever was verified when",
    async () => {
      const claim = fc.record({
        address: fc.constantFrom("bc1-x", "bc1-y", "bc1-z"),
        verifiedAt: fc.option(fc.integer({ min: 0, max: 3 })),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(claim, { minLength: 1, maxLength: 8 }), async (claims) => {
          await wipe();
          const roster = claims.map(({ address, verifiedAt }, index) =>
            agent(`SP${index}`, { btc_address: address, verified_at: verifiedAt }),
          );
          const counted = (await publishClaims(roster)).filter(([, , isCounted]) => isCounted).map(([who]) => who);
          expect(counted.sort()).toEqual(findFirstClaimants(roster).sort());
        }),
        { numRuns: 60 },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  function findFirstClaimants(roster: readonly RosterAgent[]): string[] {
    const first = new Map<string, RosterAgent>();
    for (const one of roster) {
      const other = first.get(one.btc_address);
      const isEarlier = (one.verified_at ?? Infinity) < (other?.verified_at ?? Infinity);
      if (!other || isEarlier) first.set(one.btc_address, one); // the roster is in address order: a tie stays
    }
    return [...first.values()].map((one) => one.stx_address);
  }
});

describe("rows that bear the next version already", () => {
  it("go before it is written, and no other version's do", async () => {
    const answered = [ALICE, BOB].flatMap((one) => [stacks(one, { stx: 5n }), bitcoin(one, 0n)]);
    await tick({ answered, publish: { version: 1 } });
    await env.DB.batch([
      env.DB.prepare(
        "INSERT INTO standings SELECT 2, 1, stx_address, btc_address, display_name, bns_name, level, level_name, 9, tokens, 1, 9 FROM standings WHERE rank = 2",
      ),
      env.DB.prepare("INSERT INTO publications SELECT 2, 9, 9, 9, 9, prices, priced_at, 9, 9, 9, 9 FROM publications"),
    ]);
    await tick({ publish: { version: 2, rotation: 3 } });
    expect(await findNewestPublication(db)).toMatchObject({ version: 2, rotation: 3, agents: 2 });
    for (const version of [1, 2]) {
      const rows = await findStandingsPage(db, version, { offset: 0, limit: 10 });
      expect(rows?.map((row) => [row.rank, row.stx_address])).toEqual([
        [1, ALICE],
        [2, BOB],
      ]);
    }
  });
});
