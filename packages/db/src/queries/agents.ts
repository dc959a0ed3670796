import type { Kysely } from "kysely";
import type { Database } from "../database.ts";
import type { AgentRow, FetchRow } from "../tables.ts";
import type { StandingToken } from "./standings.ts";

/** A listed agent, by either address. Of several that claim one Bitcoin address, the first by Stacks address. */
export async function findListedAgent(db: Kysely<Database>, address: string): Promise<AgentRow | undefined> {
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
  db: Kysely<Database>,
  stxAddress: string,
): Promise<{ tokens: StandingToken[]; fetch: FetchRow | undefined }> {
  const [tokens, fetch] = await Promise.all([
    db
      .selectFrom("balances as b")
      .innerJoin("tokens as t", "t.token_id", "b.token_id")
      .select(["b.token_id as id", "t.symbol", "b.raw_amount as raw", "t.decimals", "b.usd_value as usd"])
      .where("b.agent_address", "=", stxAddress)
      .where("b.raw_amount", "!=", "0")
      .orderBy("b.usd_value", (order) => order.desc().nullsLast())
      .orderBy("b.token_id")
      .execute(),
    db.selectFrom("fetches").selectAll().where("agent_address", "=", stxAddress).executeTakeFirst(),
  ]);
  return { tokens, fetch };
}
