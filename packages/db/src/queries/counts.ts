import { sql } from "kysely";
import type { Db } from "../client.ts";

export interface RowCounts {
  agents: number; // listed
  tokens: number;
  fetches: number;
  tickCommits: number;
  publications: number;
  balances: number;
  standings: number;
  agentsCovered: number; // listed, with at least one stored balance
  agentsRanked: number; // listed, every source has answered once
  oldestGoodAt: number | null; // the oldest last good answer among the ranked, Unix milliseconds
}

/** For the status page: counts whole tables, so it is not for the request path of readers. */
export async function getRowCounts(db: Db): Promise<RowCounts> {
  const result = await sql<RowCounts>`SELECT
    (SELECT count(*) FROM agents WHERE removed_at IS NULL) AS agents,
    (SELECT count(*) FROM tokens) AS tokens,
    (SELECT count(*) FROM fetches) AS fetches,
    (SELECT count(*) FROM tick_commits) AS tickCommits,
    (SELECT count(*) FROM publications) AS publications,
    (SELECT count(*) FROM balances) AS balances,
    (SELECT coalesce(sum(agents), 0) FROM publications) AS standings,
    (SELECT count(*) FROM agents AS a WHERE a.removed_at IS NULL
      AND EXISTS (SELECT 1 FROM balances AS b WHERE b.agent_address = a.stx_address)) AS agentsCovered,
    (SELECT count(*) FROM agents AS a JOIN fetches AS f ON f.agent_address = a.stx_address
      WHERE a.removed_at IS NULL AND f.stacks_good_at IS NOT NULL AND f.bitcoin_good_at IS NOT NULL) AS agentsRanked,
    (SELECT min(min(f.stacks_good_at, f.bitcoin_good_at)) FROM agents AS a
      JOIN fetches AS f ON f.agent_address = a.stx_address WHERE a.removed_at IS NULL) AS oldestGoodAt`.execute(db);
  const row = result.rows[0];
  if (!row) throw new Error("D1 returned no row for a query that always has one");
  return row;
}
