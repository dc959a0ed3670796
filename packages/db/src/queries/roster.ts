import { type CompiledQuery, type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { AgentRow } from "../tables.ts";
import { compileAgentWords } from "./agent-words.ts";

export type RosterAgent = Omit<AgentRow, "listed_at" | "removed_at">;

/** Why the Bitcoin part of an agent is marked until the first answer for its corrected address. */
export const ADDRESS_CHANGED = "address-changed";

/**
 * Makes `agents` the accepted roster, as one batch: flags whose Bitcoin address changed, adds and updates the listed,
 * marks the rest removed, and says by which words they are found from the next version on. Swapped addresses never
 * conflict, since a Bitcoin address is no key.
 */
export function compileApplyRoster(
  db: Kysely<Database>,
  agents: readonly RosterAgent[],
  listedAtMs: number,
): CompiledQuery[] {
  const parts = toJsonParameters(agents);
  const flagged = parts.map((json) =>
    sql`
      UPDATE fetches SET bitcoin_error = ${ADDRESS_CHANGED}
      WHERE bitcoin_good_at IS NOT NULL AND agent_address IN (
        SELECT a.stx_address FROM json_each(${json}) AS j
        JOIN agents AS a ON a.stx_address = j.value ->> 'stx_address'
        WHERE a.btc_address <> j.value ->> 'btc_address')`.compile(db),
  );
  const listed = parts.map((json) =>
    sql`
      INSERT INTO agents (stx_address, btc_address, display_name, bns_name, level, level_name, listed_at, removed_at)
      SELECT value ->> 'stx_address', value ->> 'btc_address', value ->> 'display_name', value ->> 'bns_name',
        value ->> 'level', value ->> 'level_name', ${listedAtMs}, NULL
      FROM json_each(${json}) WHERE true
      ON CONFLICT (stx_address) DO UPDATE SET
        btc_address = excluded.btc_address, display_name = excluded.display_name, bns_name = excluded.bns_name,
        level = excluded.level, level_name = excluded.level_name, listed_at = excluded.listed_at, removed_at = NULL`.compile(
      db,
    ),
  );
  const removed = sql`
    UPDATE agents SET removed_at = ${listedAtMs} WHERE removed_at IS NULL AND listed_at <> ${listedAtMs}`.compile(db);
  return [...flagged, ...listed, removed, ...compileAgentWords(db, agents)];
}

export interface RosterPlace {
  stxAddress: string;
  btcAddress: string;
}

/** The next agents of the roster after a cursor ("" = from the start), in address order. */
export async function listAgentsAfter(db: Kysely<Database>, cursor: string, limit: number): Promise<RosterPlace[]> {
  const rows = await db
    .selectFrom("agents")
    .select(["stx_address", "btc_address"])
    .where("removed_at", "is", null)
    .where("stx_address", ">", cursor)
    .orderBy("stx_address")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ stxAddress: row.stx_address, btcAddress: row.btc_address }));
}
