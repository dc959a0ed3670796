import { env } from "cloudflare:workers";
import type { SourceWrite, TickWrites } from "@standings/db";
import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import { ModelDatabase } from "../sim/model-database.ts";
import { createStore } from "../src/tick/store.ts";
import { makeAgent } from "./agents.ts";
import { db, readBalances, readRanking, wipeDatabase } from "./rig.ts";

const store = createStore(env.DB);

beforeEach(wipeDatabase);

it("the model of the simulation and the statements in D1 agree after any series of rosters and commits", async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const model = new ModelDatabase();
        let epoch = 0;
        for (const [index, { roster, sources, publishes }] of steps.entries()) {
          const nowMs = 1_000 + index;
          if (roster) {
            const agents = roster.map(({ agent, btc }) => ({
              ...makeAgent(agent),
              btcAddress: `btc-${btc}`,
              displayName: null,
            }));
            await store.applyRoster(agents, nowMs);
            model.applyRoster(agents, nowMs);
          }
          const writes = toWrites(++epoch, sources, nowMs);
          const publication = publishes
            ? { version: epoch, epoch, rotation: epoch, publishedAt: nowMs, staleAfter: nowMs + 1 }
            : undefined;
          await store.commit(writes, publication);
          model.commit(writes, publication);
          await expectSame(model, publishes);
        }
        await expect(store.commit(toWrites(epoch, [], 1), undefined)).rejects.toThrow(/UNIQUE/);
      })
      .beforeEach(wipeDatabase),
    { numRuns: 40 },
  );
});

async function expectSame(model: ModelDatabase, hasPublished: boolean) {
  expect(await store.getProgress()).toEqual(model.getProgress());
  const balances = [...model.balances].map(([agent, tokens]) => {
    return [agent, Object.fromEntries([...tokens].map(([id, { raw }]) => [id, raw.toString()]))] as const;
  });
  expect(await readBalances()).toEqual(
    Object.fromEntries(balances.filter(([, tokens]) => Object.keys(tokens).length > 0)),
  );
  const fetches = await db.selectFrom("fetches").selectAll().execute();
  for (const row of fetches) {
    const fetch = model.fetches.get(row.agent_address);
    expect([row.stacks_attempted_at, row.stacks_good_at, row.stacks_error]).toEqual(Object.values(fetch?.stacks ?? {}));
    expect([row.bitcoin_attempted_at, row.bitcoin_good_at, row.bitcoin_error]).toEqual(
      Object.values(fetch?.bitcoin ?? {}),
    );
    expect(row.rotation).toBe(fetch?.rotation);
  }
  expect(fetches.length).toBe(model.fetches.size);
  const everybody = Array.from({ length: AGENTS }, (_, index) => makeAgent(index).stxAddress);
  expect(await store.getHolders(everybody)).toEqual(model.getHolders(everybody));
  if (!hasPublished) return;
  const standings = model.publications.at(-1)?.standings ?? [];
  expect(await readRanking()).toEqual(standings.map((standing) => [standing.stxAddress, standing.totalUsd]));
}

const AGENTS = 5;
const agent = fc.nat(AGENTS - 1);
// Amounts whose value is a whole number of micro-dollars, so that both ways of rounding agree to the last one.
const amount = fc.constantFrom("0", "1000000", "250000000", "7000000000");
const source = fc.record({
  agent,
  source: fc.constantFrom("stacks" as const, "bitcoin" as const),
  isGood: fc.boolean(),
  amounts: fc.tuple(amount, amount, amount),
  spam: fc.option(fc.constantFrom("SP1.a", "SP1.b")),
});
const step = fc.record({
  roster: fc.option(
    fc.uniqueArray(fc.record({ agent, btc: fc.nat(3) }), { minLength: 1, selector: (one) => one.agent }),
  ),
  sources: fc.uniqueArray(source, { selector: (one) => `${one.agent} ${one.source}` }),
  publishes: fc.boolean(),
});

function toWrites(
  epoch: number,
  sources: { agent: number; source: "stacks" | "bitcoin"; isGood: boolean; amounts: string[]; spam: string | null }[],
  nowMs: number,
): TickWrites {
  return {
    commit: {
      epoch,
      tick_id: `tick-${epoch}`,
      trigger: "alarm",
      started_at: nowMs,
      committed_at: nowMs,
      agents: 0,
      failed: 0,
      subrequests: 0,
      outcome: "committed",
    },
    rotation: epoch,
    prices: [
      { tokenId: "stx", priceUsd: epoch, pricedAt: nowMs, source: "x" },
      { tokenId: "btc-l1", priceUsd: 1_000 * epoch, pricedAt: nowMs, source: "x" },
      { tokenId: "sbtc", priceUsd: 1_000 * epoch, pricedAt: nowMs, source: "x" },
    ],
    sources: sources.map((one): SourceWrite => {
      const write = { agentAddress: makeAgent(one.agent).stxAddress, source: one.source, attemptedAt: nowMs };
      if (!one.isGood) return { ...write, provider: "x", answer: { error: "timeout" } };
      const [stx = "0", sbtc = "0", btc = "0"] = one.amounts;
      const ranked =
        one.source === "bitcoin"
          ? [{ tokenId: "btc-l1", symbol: "BTC", rawAmount: btc }]
          : [
              { tokenId: "stx", symbol: "STX", rawAmount: stx },
              { tokenId: "sbtc", symbol: "sBTC", rawAmount: sbtc },
            ];
      const spam = one.spam && one.source === "stacks" ? [{ tokenId: one.spam, symbol: "spam", rawAmount: "5" }] : [];
      return { ...write, provider: "x", answer: { balances: [...ranked, ...spam], leftOut: 0 } };
    }),
  };
}
