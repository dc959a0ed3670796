import { findNewest, type NewPublication, type TickWrites } from "@standings/db";
import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { ModelDatabase } from "../sim/model-database.ts";
import { createStore } from "../src/tick/store.ts";
import { db, readFetches, readStandings, readVersions, wipeDatabase } from "./database.ts";

// What the simulation takes for D1 is held against D1: the same batches, and after each the same answers to every read.

const store = createStore(db);

beforeEach(wipeDatabase);

it("the model of the simulation and the statements in D1 agree after any series of rosters and commits", async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
        const model = new ModelDatabase();
        let atMs = 1_000_000_000;
        for (const [index, one] of steps.entries()) {
          atMs += one.hours * 3_600_000;
          await expectSameWrites(model, one, { epoch: index + 1, atMs });
          await expectSameReads(model);
        }
      })
      .beforeEach(wipeDatabase),
    { numRuns: 20, endOnFailure: true },
  );
}, 120_000);

async function expectSameWrites(model: ModelDatabase, one: Step, at: At) {
  const writes = toWrites(model, one, at);
  const publication: NewPublication | undefined = one.publishes
    ? { version: at.epoch * 3, epoch: at.epoch, rotation: at.epoch, publishedAt: at.atMs, staleAfter: at.atMs + 1 }
    : undefined;
  if (one.isApart && publication) {
    const freshness = { facts: '{"apart":true}', at: at.atMs, count: true };
    await store.publish(writes.commit, publication, freshness);
    model.publish(writes.commit, publication, freshness);
  } else {
    await store.commit(writes, publication);
    model.commit(writes, publication);
  }
  await expect(store.commit(writes, undefined)).rejects.toThrow(/UNIQUE/);
  expect(() => model.commit(writes, undefined)).toThrow(/UNIQUE/);
  const action = { id: `action-${at.epoch}`, at: at.atMs, action: "pause", subject: null, reason: null, outcome: "x" };
  const facts = one.hours > 1 ? { facts: '{"acted":true}', at: at.atMs + 1, count: false } : null;
  await store.writeActions([action, action], facts);
  model.writeActions([action, action], facts);
}

async function expectSameReads(model: ModelDatabase) {
  expect(model.readPlan()).toEqual(sortPrices(await store.readPlan()));
  expect(model.getListedAgents()).toEqual(await store.getListedAgents());
  for (const cursor of ["", address(1), address(3)]) {
    const places = { stacks: { cursor, limit: 2 }, bitcoin: { cursor: "", limit: 9 } };
    expect(model.listAgentsAfter(places)).toEqual(await store.listAgentsAfter(places));
  }
  const everybody = Array.from({ length: AGENTS + 1 }, (_, index) => address(index));
  expect(model.getStored(everybody)).toEqual(await store.getStored(everybody));
  expect(model.readFreshness()).toEqual((await findNewest(db)).freshness);
  expect(model.tables.fetches).toEqual(await readFetches());
  expect([...model.tables.actions.keys()].sort()).toEqual(await readActionIds());
  expect([...model.tables.tokens.keys()].sort()).toEqual(await readTokenIds());
  expect(await store.findTickId(1)).toBe(model.tables.commits.get(1)?.tick_id);
  expect([...model.tables.publications.keys()].sort((a, b) => a - b)).toEqual(await readVersions());
  const standings = (await readStandings()).map((row) => ({
    stxAddress: row.stx_address,
    btcAddress: row.btc_address,
    totalUsd: row.total_usd,
    partial: row.partial,
    updatedAt: row.updated_at,
    tokens: row.tokens.map(({ id, raw, usd, reason }) => ({ id, raw, usd, reason })).sort(byId),
  }));
  const modelled = model.newestPublication?.standings ?? [];
  expect(modelled.map((standing) => ({ ...standing, tokens: [...standing.tokens].sort(byId) }))).toEqual(standings);
}

/** Prices come in no order. */
function sortPrices(plan: Awaited<ReturnType<typeof store.readPlan>>) {
  const order = ["btc-l1", "stx", "sbtc"];
  return { ...plan, prices: [...plan.prices].sort((a, b) => order.indexOf(a.tokenId) - order.indexOf(b.tokenId)) };
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}

async function readActionIds(): Promise<string[]> {
  return (await db.selectFrom("operator_actions").select("id").orderBy("id").execute()).map(({ id }) => id);
}

async function readTokenIds(): Promise<string[]> {
  return (await db.selectFrom("tokens").select("token_id").execute()).map(({ token_id }) => token_id).sort();
}

// ---- what happens in a step

interface At {
  epoch: number;
  atMs: number;
}

const AGENTS = 5;
const address = (index: number) => `SP${index}`;
const agent = fc.nat(AGENTS - 1);
// Amounts whose value is a whole number of micro-dollars, so that both ways of rounding agree to the last one.
const amount = fc.constantFrom("0", "1000000", "250000000", "7000000000");
const SPAM = ["SP1.a", "SP1.b"];

const answer = fc.record({
  agent,
  lane: fc.constantFrom("stacks" as const, "bitcoin" as const),
  error: fc.constantFrom(null, null, null, "timeout", "fall-held"),
  isAskedOfAnother: fc.boolean().map((one) => one),
  amounts: fc.tuple(amount, amount, amount),
  spam: fc.subarray(SPAM),
});

const step = fc.record({
  roster: fc.option(
    fc.uniqueArray(
      fc.record({
        agent,
        btc: fc.nat(3),
        verifiedAt: fc.option(fc.nat(2)),
        name: fc.option(fc.constantFrom("A", "B")),
      }),
      { selector: (one) => one.agent },
    ),
  ),
  answers: fc.uniqueArray(answer, { selector: (one) => `${one.agent} ${one.lane}` }),
  releases: fc.array(
    fc.record({
      agent,
      lane: fc.constantFrom("stacks" as const, "bitcoin" as const),
      stillHeldSince: fc.option(fc.nat(9)),
    }),
    { maxLength: 2 },
  ),
  prices: fc.option(fc.record({ stx: fc.nat(4), age: fc.nat(3) })),
  counts: fc.boolean(),
  prunes: fc.boolean(),
  publishes: fc.boolean(),
  isApart: fc.boolean(),
  hours: fc.constantFrom(0, 1, 30, 24 * 31),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function toWrites(model: ModelDatabase, one: Step, { epoch, atMs }: At): TickWrites {
  const roster = one.roster && toRosterChange(model, one.roster, atMs);
  const btcOf = (index: number) => {
    const changed = roster?.upserts.find(({ stx_address }) => stx_address === address(index));
    return changed?.btc_address ?? model.tables.agents.get(address(index))?.btc_address ?? "bc1-none";
  };
  const answers = one.answers.map((each) => {
    const own = each.lane === "stacks" ? address(each.agent) : btcOf(each.agent);
    return { ...each, stx: address(each.agent), asked: each.isAskedOfAnother && epoch % 3 === 0 ? "another" : own };
  });
  const good = answers.filter(({ error }) => error === null);
  return {
    commit: toCommit(epoch, atMs),
    roster,
    prices: one.prices ? toPrices(one.prices, atMs) : [],
    newTokens: good.flatMap(({ spam }) => spam.map((tokenId) => ({ tokenId, symbol: "spam" }))),
    upserts: good.flatMap(({ lane, stx, asked, amounts, spam }) => {
      const [first, second] = amounts;
      const tokens =
        lane === "bitcoin" ? [["btc-l1", first]] : [["stx", first], ["sbtc", second], ...spam.map((id) => [id, "5"])];
      return tokens.map(([tokenId = "", raw = ""]) => ({ agent: stx, tokenId, raw, at: atMs, provider: "x", asked }));
    }),
    deletes: good.flatMap(({ lane, stx, asked, spam }) =>
      lane === "bitcoin"
        ? []
        : [...SPAM, "sbtc"].filter((id) => !spam.includes(id)).map((tokenId) => ({ agent: stx, tokenId, asked })),
    ),
    answers: answers.map(({ stx, lane, asked, error, spam }) => ({
      agent: stx,
      lane,
      asked,
      at: atMs,
      error,
      leftOut: lane === "stacks" && error === null ? spam.length : null,
      heldSince: error === "fall-held" ? atMs - 5 : null,
      rotation: epoch,
    })),
    releases: one.releases.map(({ agent: index, lane, stillHeldSince }) => {
      return { agent: address(index), lane, tokenId: lane === "bitcoin" ? "btc-l1" : "sbtc", at: atMs, stillHeldSince };
    }),
    freshness: one.hours > 0 ? { facts: `{"epoch":${epoch}}`, at: atMs, count: one.counts } : null,
    prune: one.prunes,
  };
}

function toRosterChange(model: ModelDatabase, entries: NonNullable<Step["roster"]>, at: number) {
  const listed = new Set(entries.map((entry) => address(entry.agent)));
  return {
    upserts: entries.map((entry) => ({
      stx_address: address(entry.agent),
      btc_address: `bc1-${entry.btc}`,
      display_name: entry.name,
      bns_name: null,
      level: 1,
      level_name: "Verified Agent",
      verified_at: entry.verifiedAt,
      erc8004_agent_id: null,
    })),
    removed: model.listed.map(({ stx_address }) => stx_address).filter((stx) => !listed.has(stx)),
    at,
  };
}

function toPrices({ stx, age }: { stx: number; age: number }, atMs: number) {
  const price = (tokenId: string, priceUsd: number) => ({
    tokenId,
    priceUsd,
    pricedAt: atMs - age * 7_200_000,
    source: "x",
  });
  return [price("stx", 1 + stx), price("btc-l1", 1_000 * (1 + stx)), price("sbtc", 1_000 * (1 + stx))];
}

function toCommit(epoch: number, atMs: number): TickWrites["commit"] {
  return {
    epoch,
    tick_id: `tick-${epoch}`,
    trigger: "alarm",
    started_at: atMs,
    committed_at: atMs,
    agents: 0,
    failed: 0,
    subrequests: 0,
    outcome: "committed",
    place: epoch % 4 === 0 ? '{"unreadable":true}' : `{"epoch":${epoch}}`,
  };
}
