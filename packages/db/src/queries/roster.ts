import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { RosterAgent } from "../tables.ts";
import { compileAgentWords, compileEndOfWords } from "./agent-words.ts";
import { ADDRESS_CHANGED, FALL_HELD } from "./lane-errors.ts";

/** A listed agent with what the roster says of it. */
export type ListedAgent = RosterAgent;

/** How an accepted roster differs from the one before. No agent is in both lists. */
export interface RosterChange {
  upserts: readonly RosterAgent[]; // new, changed or returned
  removed: readonly string[]; // Stacks addresses that are listed no more
  at: number; // when the roster was accepted, Unix milliseconds
}

/**
 * An agent that was unlisted for longer is pending again until both lanes have answered: what it held then is not what it
 * holds now. A day covers an entry that a roster dropped by mistake.
 */
export const KEEP_FRESH_RETURN_MS = 24 * 3_600_000;

/** All listed agents, to see what a roster changes. Reads the whole table: only when a roster was read. */
export async function getListedAgents(db: Db): Promise<ListedAgent[]> {
  return db
    .selectFrom("agents")
    .select([
      "stx_address",
      "btc_address",
      "display_name",
      "bns_name",
      "level",
      "level_name",
      "verified_at",
      "erc8004_agent_id",
    ])
    .where("removed_at", "is", null)
    .orderBy("stx_address")
    .execute();
}

/**
 * Makes the change, for the beginning of a tick's batch: what the stored rows say of absences and addresses is read
 * before they change. Swapped addresses never conflict, since a Bitcoin address is no key. Last, by which words the
 * changed agents are found from the next version on.
 */
export function compileRosterChange(db: Db, { upserts, removed, at }: RosterChange): CompiledQuery[] {
  const parts = upserts.length > 0 ? toJsonParameters(upserts) : [];
  const gone = removed.length > 0 ? toJsonParameters(removed) : [];
  return [
    ...parts.map((json) => compileReturned(db, json, at)),
    ...parts.map((json) => compileFlagged(db, json)),
    ...parts.map((json) => compileListed(db, json, at)),
    ...gone.map((json) =>
      sql`
        UPDATE agents SET removed_at = ${at} WHERE removed_at IS NULL
          AND stx_address IN (SELECT value FROM json_each(${json}))`.compile(db),
    ),
    ...gone.map((json) => compileEndOfWords(db, json)),
    ...compileAgentWords(db, upserts),
  ];
}

function compileReturned(db: Db, json: string, at: number): CompiledQuery {
  return sql`
    UPDATE fetches SET stacks_good_at = NULL, stacks_held_since = NULL, stacks_error = nullif(stacks_error, ${FALL_HELD}),
      bitcoin_good_at = NULL, bitcoin_held_since = NULL,
      bitcoin_error = CASE WHEN bitcoin_error IN (${FALL_HELD}, ${ADDRESS_CHANGED}) THEN NULL ELSE bitcoin_error END
    WHERE agent_address IN (
      SELECT a.stx_address FROM json_each(${json}) AS j CROSS JOIN agents AS a ON a.stx_address = j.value ->> 'stx_address'
      WHERE a.removed_at < ${at - KEEP_FRESH_RETURN_MS})`.compile(db);
}

function compileFlagged(db: Db, json: string): CompiledQuery {
  return sql`
    UPDATE fetches SET bitcoin_error = ${ADDRESS_CHANGED}, bitcoin_held_since = NULL
    WHERE bitcoin_good_at IS NOT NULL AND agent_address IN (
      SELECT a.stx_address FROM json_each(${json}) AS j CROSS JOIN agents AS a ON a.stx_address = j.value ->> 'stx_address'
      WHERE a.btc_address <> j.value ->> 'btc_address')`.compile(db);
}

function compileListed(db: Db, json: string, at: number): CompiledQuery {
  return sql`
    INSERT INTO agents (stx_address, btc_address, display_name, bns_name, level, level_name, verified_at,
      erc8004_agent_id, listed_at, removed_at)
    SELECT value ->> 'stx_address', value ->> 'btc_address', value ->> 'display_name', value ->> 'bns_name',
      value ->> 'level', value ->> 'level_name', value ->> 'verified_at', value ->> 'erc8004_agent_id', ${at}, NULL
    FROM json_each(${json}) WHERE true
    ON CONFLICT (stx_address) DO UPDATE SET
      btc_address = excluded.btc_address, display_name = excluded.display_name, bns_name = excluded.bns_name,
      level = excluded.level, level_name = excluded.level_name, verified_at = excluded.verified_at,
      erc8004_agent_id = excluded.erc8004_agent_id, listed_at = excluded.listed_at, removed_at = NULL
    WHERE agents.removed_at IS NOT NULL
      OR (agents.btc_address, agents.display_name, agents.bns_name, agents.level, agents.level_name,
        agents.verified_at, agents.erc8004_agent_id)
      IS NOT (excluded.btc_address, excluded.display_name, excluded.bns_name, excluded.level, excluded.level_name,
        excluded.verified_at, excluded.erc8004_agent_id)`.compile(db);
}
