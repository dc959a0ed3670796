import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  ADDRESS_CHANGED,
  compileFreshness,
  FALL_HELD,
  findFreshness,
  findNewest,
  type Lane,
  type LaneAges,
} from "../src/index.ts";
import { ALICE, agent, applyRoster, bitcoin, db, stacks, tick, wipe } from "./rig.ts";

const PROPERTY_TIMEOUT_MS = 60_000;
const NOBODY: LaneAges = { tenthAt: null, halfAt: null, failed: 0 };

beforeEach(wipe);

describe("the freshness row", () => {
  it("is undefined until it is first written, then what was written last", async () => {
    expect(await findFreshness(db)).toBeUndefined();
    await db.batch([compileFreshness(db, { facts: '{"lanes":[1]}', at: 5, count: false })]);
    const first = { writtenAt: 5, facts: { lanes: [1] }, ranked: 0, countedAt: null };
    expect(await findFreshness(db)).toEqual({ ...first, ages: { stacks: NOBODY, bitcoin: NOBODY } });
    await db.batch([compileFreshness(db, { facts: "{}", at: 6, count: true })]);
    expect(await findFreshness(db)).toMatchObject({ writtenAt: 6, facts: {}, ranked: 0, countedAt: 6 });
  });

  it("keeps its last count when it is written without one", async () => {
    await applyRoster([agent(ALICE)]);
    await tick({
      answered: [stacks(ALICE, {}, 10), bitcoin(ALICE, 0n, 20)],
      freshness: { facts: "{}", at: 30, count: true },
    });
    await tick({ answered: [stacks(ALICE, {}, 40)], freshness: { facts: '{"a":1}', at: 50, count: false } });
    expect(await findFreshness(db)).toEqual({
      writtenAt: 50,
      facts: { a: 1 },
      ranked: 1,
      countedAt: 30,
      ages: { stacks: { tenthAt: 10, halfAt: 10, failed: 0 }, bitcoin: { tenthAt: 20, halfAt: 20, failed: 0 } },
    });
  });

  it("comes with the newest ranking in one read", async () => {
    expect(await findNewest(db)).toEqual({ publication: undefined, freshness: undefined });
    await tick({ freshness: { facts: "{}", at: 5, count: false }, publish: { version: 3 } });
    expect(await findNewest(db)).toMatchObject({ publication: { version: 3 }, freshness: { writtenAt: 5 } });
  });
});

describe("the counted ages", () => {
  const time = fc.option(fc.integer({ min: 1, max: 30 }), { freq: 8 });
  const error = fc.constantFrom(null, "timeout", ADDRESS_CHANGED, FALL_HELD);
  const row = fc.record({
    listed: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    stacks: fc.record({ goodAt: time, error }),
    bitcoin: fc.record({ goodAt: time, error }),
  });
  type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;

  it(
    "are those of the ranked agents, lane by lane",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(row, { maxLength: 45 }), async (rows) => {
          await wipe();
          await store(rows);
          await db.batch([compileFreshness(db, { facts: "{}", at: 99, count: true })]);
          const ranked = rows.filter((one) => one.listed && one.stacks.goodAt !== null && one.bitcoin.goodAt !== null);
          expect(await findFreshness(db)).toMatchObject({
            ranked: ranked.length,
            countedAt: 99,
            ages: { stacks: countAges(ranked, "stacks"), bitcoin: countAges(ranked, "bitcoin") },
          });
        }),
        { numRuns: 100 },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  function countAges(ranked: readonly Row[], lane: Lane): LaneAges {
    const times = ranked.map((one) => one[lane].goodAt ?? 0).sort((a, b) => a - b);
    return {
      tenthAt: times[Math.floor(times.length / 10)] ?? null,
      halfAt: times[Math.floor(times.length / 2)] ?? null,
      failed: ranked.filter((one) => one[lane].error === "timeout").length,
    };
  }

  async function store(rows: readonly Row[]) {
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO agents (stx_address, btc_address, level, level_name, listed_at, removed_at)
        SELECT 'SP' || key, 'bc1', 1, 'x', 1, CASE WHEN value ->> 'listed' THEN NULL ELSE 2 END FROM json_each(?)`,
      ).bind(JSON.stringify(rows)),
      env.DB.prepare(
        `INSERT INTO fetches (agent_address, stacks_good_at, stacks_error, bitcoin_good_at, bitcoin_error, rotation)
        SELECT 'SP' || key, value ->> '$.stacks.goodAt', value ->> '$.stacks.error', value ->> '$.bitcoin.goodAt',
          value ->> '$.bitcoin.error', 1 FROM json_each(?)`,
      ).bind(JSON.stringify(rows)),
    ]);
  }
});
