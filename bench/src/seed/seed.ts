import { compilePublish, compileTickWrites, type Db, type TickWrites } from "@standings/db";
import type { Progress } from "../progress.ts";
import type { Holder } from "./population.ts";

// A board is filled by the product's own statements, so that it is what ticks would have left, whatever the schema.

/** Agents a commit: small enough for D1's limits on a batch, large enough to be quick. */
const AGENTS_A_COMMIT = 500;

const PRICES = [
  { tokenId: "btc-l1", priceUsd: 98_123.5 },
  { tokenId: "stx", priceUsd: 0.85 },
  { tokenId: "sbtc", priceUsd: 98_123.5 },
];

/** Fills an empty, migrated database with agents that have all answered. Nothing is published yet. */
export async function seedAgents(db: Db, holders: readonly Holder[], at: number, progress: Progress): Promise<void> {
  for (let first = 0, epoch = 1; first < holders.length; first += AGENTS_A_COMMIT, epoch++) {
    const some = holders.slice(first, first + AGENTS_A_COMMIT);
    await db.batch(compileTickWrites(db, toWrites(some, epoch, at)));
    if (epoch % 20 === 0) progress(`  seeded ${first + some.length} of ${holders.length} agents`);
  }
}

function toWrites(holders: readonly Holder[], epoch: number, at: number): TickWrites {
  const others = new Set(holders.flatMap(({ stacks }) => stacks.map(({ tokenId }) => tokenId)));
  return {
    commit: {
      ...{
        epoch,
        tick_id: `bench-${epoch}`,
        trigger: "forced",
        started_at: at,
        committed_at: at,
        outcome: "committed",
      },
      ...{ agents: holders.length, failed: 0, subrequests: 0, place: "{}" },
    },
    roster: { upserts: holders.map(({ agent }) => toRosterRow(agent)), removed: [], at },
    prices: PRICES.map((price) => ({ ...price, pricedAt: at, source: "coingecko" })),
    newTokens: [...others].map((tokenId) => ({ tokenId, symbol: tokenId.split(".")[1] ?? tokenId })),
    upserts: holders.flatMap(({ agent, stacks, satoshis }) => [
      ...stacks.map((held) => {
        return { ...held, agent: agent.stxAddress, asked: agent.stxAddress, at, provider: "hiro" };
      }),
      {
        agent: agent.stxAddress,
        asked: agent.btcAddress,
        at,
        tokenId: "btc-l1",
        raw: satoshis,
        provider: "mempool.space",
      },
    ]),
    deletes: [],
    answers: holders.flatMap(({ agent }) => {
      const answer = { agent: agent.stxAddress, at, error: null, heldSince: null, rotation: 1 };
      return [
        { ...answer, lane: "stacks" as const, asked: agent.stxAddress, leftOut: 0 },
        { ...answer, lane: "bitcoin" as const, asked: agent.btcAddress, leftOut: null },
      ];
    }),
    releases: [],
    freshness: null,
    prune: false,
  };
}

function toRosterRow(agent: Holder["agent"]) {
  return {
    stx_address: agent.stxAddress,
    btc_address: agent.btcAddress,
    display_name: agent.displayName,
    bns_name: agent.bnsName,
    level: agent.level,
    level_name: agent.levelName,
    verified_at: Date.parse(agent.verifiedAt),
    erc8004_agent_id: agent.erc8004AgentId,
  };
}

/** The statements that publish the board as it stands under a version, as a tick does. */
export function compilePublication(db: Db, version: number, at: number) {
  return compilePublish(db, { version, epoch: version, rotation: 1, publishedAt: at, staleAfter: at + 86_400_000 });
}
