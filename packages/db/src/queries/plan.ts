import { sql } from "kysely";
import type { Db } from "../client.ts";
import type { Lane } from "../tables.ts";
import { compileLastGoodPrices, toAcceptedPrices } from "./prices.ts";
import type { AcceptedPrice } from "./tick-commit.ts";

/** Where the rebuild stands, from D1 alone. Times are Unix milliseconds. */
export interface PlanRead {
  commit: { epoch: number; tickId: string; committedAt: number; place: string | null } | null; // the newest
  publication: { version: number; rotation: number; publishedAt: number } | null; // the newest
  /**
   * What a release that stores no place leaves behind, read only when the newest commit has none (the whole of fetches
   * and agents is scanned for it): the highest rotation that attempted an agent, and how many agents are listed.
   */
  fetchesRotation: number | null; // null = not asked for, or nobody was ever attempted
  listedAgents: number | null; // null = not asked for
  prices: AcceptedPrice[]; // the last good price of every token that has one
}

interface OlderRead {
  fetchesRotation: number | null;
  listedAgents: number | null;
}

/** All that a tick has to know before it asks whose turn it is, in one round trip. */
export async function readPlan(db: Db): Promise<PlanRead> {
  const hasNoPlace = sql`(SELECT place FROM tick_commits ORDER BY epoch DESC LIMIT 1) IS NULL`;
  const { rows } = await db.batch([
    db
      .selectFrom("tick_commits")
      .select(["epoch", "tick_id as tickId", "committed_at as committedAt", "place"])
      .orderBy("epoch", "desc")
      .limit(1)
      .compile(),
    db
      .selectFrom("publications")
      .select(["version", "rotation", "published_at as publishedAt"])
      .orderBy("version", "desc")
      .limit(1)
      .compile(),
    sql<OlderRead>`SELECT
      CASE WHEN ${hasNoPlace} THEN (SELECT max(rotation) FROM fetches) END AS fetchesRotation,
      CASE WHEN ${hasNoPlace} THEN (SELECT count(*) FROM agents WHERE removed_at IS NULL) END AS listedAgents`.compile(
      db,
    ),
    compileLastGoodPrices(db),
  ]);
  const [commits, publications, older, prices] = rows;
  return {
    commit: commits[0] ?? null,
    publication: publications[0] ?? null,
    fetchesRotation: older[0]?.fetchesRotation ?? null,
    listedAgents: older[0]?.listedAgents ?? null,
    prices: toAcceptedPrices(prices),
  };
}

export interface RosterPlace {
  stxAddress: string;
  btcAddress: string;
}

/** Each lane's next listed agents after its cursor ("" = from the start), in address order. */
export async function listAgentsAfter(
  db: Db,
  places: Record<Lane, { cursor: string; limit: number }>,
): Promise<Record<Lane, RosterPlace[]>> {
  const compileNext = ({ cursor, limit }: { cursor: string; limit: number }) =>
    db
      .selectFrom("agents")
      .select(["stx_address as stxAddress", "btc_address as btcAddress"])
      .where("removed_at", "is", null)
      .where("stx_address", ">", cursor)
      .orderBy("stx_address")
      .limit(limit)
      .compile();
  const { rows } = await db.batch([compileNext(places.stacks), compileNext(places.bitcoin)]);
  const [stacks, bitcoin] = rows;
  return { stacks, bitcoin };
}
