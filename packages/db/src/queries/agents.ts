import { sql } from "kysely";
import type { Db } from "../client.ts";
import type { AgentRow, FetchRow } from "../tables.ts";
import { isClaimedByAnotherSql, uncountedReasonSql } from "./claims.ts";
import { type StandingToken, type StoredToken, toStandingToken } from "./standings.ts";

/** A listed agent, by either address. Of several that claim one Bitcoin address, the first by Stacks address. */
export async function findListedAgent(db: Db, address: string): Promise<AgentRow | undefined> {
  return (
    (await db
      .selectFrom("agents")
      .selectAll()
      .where("stx_address", "=", address)
      .where("removed_at", "is", null)
      .executeTakeFirst()) ??
    (await db
      .selectFrom("agents")
      .selectAll()
      .where("btc_address", "=", address)
      .where("removed_at", "is", null)
      .orderBy("stx_address")
      .limit(1)
      .executeTakeFirst())
  );
}

/** What is known of an agent that is in no ranking yet: holdings (unvalued) and how its sources answered. */
export async function getPendingAgent(
  db: Db,
  stxAddress: string,
): Promise<{ tokens: StandingToken[]; fetch: FetchRow | undefined }> {
  const { rows } = await db.batch([
    sql<StoredToken>`
      SELECT h.id, h.symbol, h.raw, h.decimals, h.usd, h.reason IS NULL AS counted, h.reason FROM (
        SELECT b.token_id AS id, t.symbol, b.raw_amount AS raw, t.decimals, b.usd_value AS usd,
          ${uncountedReasonSql({ usd: sql.ref("b.usd_value"), isClaimed: isClaimedByAnotherSql })} AS reason
        FROM balances AS b JOIN agents AS a ON a.stx_address = b.agent_address
        JOIN tokens AS t ON t.token_id = b.token_id
        WHERE b.agent_address = ${stxAddress} AND b.raw_amount <> '0') AS h
      ORDER BY h.usd DESC NULLS LAST, h.id`.compile(db),
    db.selectFrom("fetches").selectAll().where("agent_address", "=", stxAddress).compile(),
  ]);
  const [tokens, [fetch]] = rows;
  return { tokens: tokens.map(toStandingToken), fetch };
}
