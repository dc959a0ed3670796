import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { Lane } from "../tables.ts";
import { ADDRESS_CHANGED, FALL_HELD } from "./lane-errors.ts";

/** A fall that is believed at last: the amount that was kept against the answers becomes zero. */
export interface Release {
  agent: string; // Stacks address
  lane: Lane;
  tokenId: string;
  at: number; // Unix milliseconds
  /** Since when another holding of the same lane is kept still: the agent stays marked. Missing or null = none is. */
  stillHeldSince?: number | null;
}

/**
 * Zeroes the amounts of listed agents and ends their marks. A corrected Bitcoin address ends what was claimed of the old
 * one, so that a release says nothing about it.
 */
export function compileReleases(db: Db, releases: readonly Release[]): CompiledQuery[] {
  if (releases.length === 0) return [];
  return toJsonParameters(releases).flatMap((json) => [
    sql`
      UPDATE balances SET raw_amount = '0', captured_at = r.at,
        usd_value = CASE WHEN usd_value IS NULL THEN NULL ELSE 0 END
      FROM (${released(json)}) AS r
      WHERE balances.agent_address = r.agent AND balances.token_id = r.token_id AND raw_amount <> '0'`.compile(db),
    compileEndOfMark(db, json, "stacks"),
    compileEndOfMark(db, json, "bitcoin"),
  ]);
}

function compileEndOfMark(db: Db, json: string, lane: Lane): CompiledQuery {
  const [error, heldSince] = [sql.ref(`${lane}_error`), sql.ref(`${lane}_held_since`)];
  return sql`
    UPDATE fetches SET ${heldSince} = r.still_held_since,
      ${error} = CASE WHEN ${error} = ${FALL_HELD} AND r.still_held_since IS NULL THEN NULL ELSE ${error} END
    FROM (SELECT agent, min(still_held_since) AS still_held_since FROM (${released(json)})
      WHERE lane = ${lane} GROUP BY agent) AS r
    WHERE agent_address = r.agent AND (${heldSince} IS NOT NULL OR ${error} = ${FALL_HELD})`.compile(db);
}

function released(json: string) {
  return sql`
    SELECT a.stx_address AS agent, j.value ->> 'lane' AS lane, j.value ->> 'tokenId' AS token_id,
      j.value ->> 'at' AS at, j.value ->> 'stillHeldSince' AS still_held_since
    FROM json_each(${json}) AS j CROSS JOIN agents AS a ON a.stx_address = j.value ->> 'agent' AND a.removed_at IS NULL
    LEFT JOIN fetches AS f ON f.agent_address = a.stx_address
    WHERE j.value ->> 'lane' <> 'bitcoin' OR f.bitcoin_error IS NOT ${ADDRESS_CHANGED}`;
}
