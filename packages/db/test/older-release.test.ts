import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import {
  classifyD1Error,
  createDb,
  findNewest,
  findStanding,
  getListedAgents,
  getStored,
  readPlan,
} from "../src/index.ts";
import { ALICE, agent, applyRoster, bitcoin, db, failed, PRICES, stacks, tick, wipe } from "./rig.ts";

// What the first release writes: none of the columns and tables that came later.
const AGENT = `INSERT INTO agents (stx_address, btc_address, display_name, bns_name, level, level_name, listed_at, removed_at)
  VALUES (?, ?, NULL, NULL, 1, 'Verified Agent', 1, NULL)
  ON CONFLICT (stx_address) DO UPDATE SET btc_address = excluded.btc_address, listed_at = excluded.listed_at, removed_at = NULL`;
const COMMIT = `INSERT INTO tick_commits (epoch, tick_id, trigger, started_at, committed_at, agents, failed, subrequests, outcome)
  VALUES (?, 'old', 'alarm', 1, 2, 1, 0, 3, 'committed')`;
const FETCH = `INSERT INTO fetches (agent_address, stacks_attempted_at, stacks_good_at, stacks_error, bitcoin_attempted_at,
    bitcoin_good_at, bitcoin_error, tokens_left_out, rotation)
  VALUES (?, 10, 10, NULL, 20, 20, NULL, 0, ?)
  ON CONFLICT (agent_address) DO UPDATE SET stacks_good_at = excluded.stacks_good_at, stacks_error = NULL,
    bitcoin_good_at = excluded.bitcoin_good_at, bitcoin_error = NULL, rotation = excluded.rotation`;
const BALANCE = `INSERT INTO balances (agent_address, token_id, captured_at, raw_amount, decimals, usd_value, source)
  VALUES (?, ?, 10, ?, NULL, NULL, 'hiro') ON CONFLICT (agent_address, token_id) DO UPDATE SET raw_amount = excluded.raw_amount`;
const STANDING = `INSERT INTO standings (version, rank, stx_address, btc_address, level, level_name, total_usd, tokens, partial, updated_at)
  VALUES (1, 1, ?, 'bc1-old', 1, 'Verified Agent', 5, ?, 0, 10)`;
const PUBLICATION = `INSERT INTO publications (version, epoch, rotation, published_at, stale_after, prices, priced_at, agents,
    total_usd, partial, pending) VALUES (1, 1, 4, 30, 40, '{}', NULL, 1, 5, 0, 0)`;

const TOKENS = [
  { id: "stx", symbol: "STX", raw: "5", decimals: 6, usd: 5 },
  { id: "SP.spam", symbol: "SPAM", raw: "9", decimals: null, usd: null },
  { id: "btc-l1", symbol: "BTC", raw: "1", decimals: 8, usd: null },
];

beforeEach(wipe);

async function writeAsOlder(d1: D1Database, epoch: number, rotation: number) {
  await d1.batch([
    d1.prepare(COMMIT).bind(epoch),
    d1.prepare(AGENT).bind(ALICE, "bc1-old"),
    d1.prepare(FETCH).bind(ALICE, rotation),
    d1.prepare(BALANCE).bind(ALICE, "stx", "5"),
  ]);
}

/** What the first release had of migrations/. */
const FIRST_MIGRATIONS = 8;

it("says that migrations are missing, and reads all of an older release's rows once they are applied", async () => {
  const older = createDb(env.OLDER_DB);
  await applyD1Migrations(env.OLDER_DB, env.TEST_MIGRATIONS.slice(0, FIRST_MIGRATIONS));
  await writeAsOlder(env.OLDER_DB, 3, 7);
  for (const read of [() => readPlan(older), () => getStored(older, [ALICE]), () => findNewest(older)]) {
    const failure = await read().catch((error: unknown) => classifyD1Error(error));
    expect(failure).toMatchObject({ kind: "not-migrated" });
  }
  await applyD1Migrations(env.OLDER_DB, env.TEST_MIGRATIONS);
  expect(await readPlan(older)).toMatchObject({
    commit: { epoch: 3, place: null },
    fetchesRotation: 7,
    listedAgents: 1,
  });
  expect(await getListedAgents(older)).toEqual([agent(ALICE, { btc_address: "bc1-old" })]);
  expect((await getStored(older, [ALICE])).agents.get(ALICE)).toMatchObject({
    stacks: { goodAt: 10, heldSince: null },
  });
  expect(await findNewest(older)).toEqual({ publication: undefined, freshness: undefined });
});

it("goes on where an older release stopped, above its rotations", async () => {
  await writeAsOlder(env.DB, 3, 7);
  await env.DB.prepare(PUBLICATION).run();
  expect(await readPlan(db)).toMatchObject({
    commit: { epoch: 3, tickId: "old", place: null },
    publication: { version: 1, rotation: 4 },
    fetchesRotation: 7,
    listedAgents: 1,
  });
  expect(await getListedAgents(db)).toEqual([agent(ALICE, { btc_address: "bc1-old" })]);
  expect((await getStored(db, [ALICE])).agents.get(ALICE)).toEqual({
    btcAddress: "bc1-old",
    listed: true,
    tokens: new Map([["stx", "5"]]),
    stacks: { goodAt: 10, error: null, heldSince: null },
    bitcoin: { goodAt: 20, error: null, heldSince: null },
  });
  await tick({ prices: PRICES, answered: [failed(ALICE, "stacks", 30)], publish: { version: 2 } });
  expect(await findStanding(db, 2, ALICE)).toMatchObject({ total_usd: 4, updated_at: 10, partial: true });
});

it("reads a ranking of an older release, and says what counted in it", async () => {
  await env.DB.batch([env.DB.prepare(PUBLICATION), env.DB.prepare(STANDING).bind(ALICE, JSON.stringify(TOKENS))]);
  const [stx, spam, btc] = TOKENS;
  expect((await findStanding(db, 1, ALICE))?.tokens).toEqual([
    { ...stx, counted: true, reason: null },
    { ...spam, counted: false, reason: "unlisted" },
    { ...btc, counted: false, reason: "no-price" },
  ]);
});

it("lets an older release run on what it wrote", async () => {
  await applyRoster([agent(ALICE)]);
  await tick({
    answered: [stacks(ALICE, { stx: 9n }), bitcoin(ALICE, 3n)],
    freshness: { facts: "{}", at: 1, count: true },
  });
  await writeAsOlder(env.DB, 50, 9);
  expect((await getStored(db, [ALICE])).agents.get(ALICE)?.tokens).toEqual(
    new Map([
      ["btc-l1", "3"],
      ["stx", "5"],
    ]),
  );
  expect(await readPlan(db)).toMatchObject({ commit: { epoch: 50, place: null }, fetchesRotation: 9 });
});
