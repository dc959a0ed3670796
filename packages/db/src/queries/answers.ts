import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { Lane } from "../tables.ts";
import { FALL_HELD } from "./lane-errors.ts";

/** What one attempt at one lane of one agent came to. Times are Unix milliseconds. */
export interface LaneAnswer {
  agent: string; // Stacks address
  lane: Lane;
  asked: string; // the address that was asked
  at: number;
  error: string | null; // null = a complete answer, written whole; FALL_HELD = complete too, but for what is kept
  leftOut: number | null; // tokens held but not kept (Stacks); null = unknown
  heldSince: number | null; // since when a holding is kept because its fall is not believed
  rotation: number; // of the lane
}

/**
 * One fetches row an agent, both lanes in one write. A failure never erases the last good time. `rotation` only rises:
 * lanes count their own, and an older release goes on from the highest.
 */
export function compileAnswers(db: Db, answers: readonly LaneAnswer[]): CompiledQuery[] {
  if (answers.length === 0) return [];
  const byAgent = new Map<string, Partial<Record<Lane, LaneAnswer>>>();
  for (const answer of answers) byAgent.set(answer.agent, { ...byAgent.get(answer.agent), [answer.lane]: answer });
  const rows = [...byAgent].map(([agent, lanes]) => ({ agent, ...lanes }));
  return toJsonParameters(rows).map((json) => compileAgentAnswers(db, json));
}

function compileAgentAnswers(db: Db, json: string): CompiledQuery {
  const goodAt = (lane: Lane) => {
    const [at, error] = [sql.raw(`${lane} ->> 'at'`), sql.raw(`${lane} ->> 'error'`)];
    return sql`CASE WHEN ${error} IS NULL OR ${error} = ${FALL_HELD} THEN ${at} END`;
  };
  return sql`
    INSERT INTO fetches (agent_address,
      stacks_attempted_at, stacks_good_at, stacks_error, stacks_held_since,
      bitcoin_attempted_at, bitcoin_good_at, bitcoin_error, bitcoin_held_since, tokens_left_out, rotation)
    SELECT agent,
      stacks ->> 'at', ${goodAt("stacks")}, stacks ->> 'error', stacks ->> 'heldSince',
      bitcoin ->> 'at', ${goodAt("bitcoin")}, bitcoin ->> 'error', bitcoin ->> 'heldSince',
      coalesce(stacks ->> 'leftOut', f.tokens_left_out, 0),
      max(coalesce(stacks ->> 'rotation', 0), coalesce(bitcoin ->> 'rotation', 0), coalesce(f.rotation, 0))
    FROM (
      SELECT a.stx_address AS agent,
        CASE WHEN j.value ->> '$.stacks.asked' = a.stx_address THEN j.value -> 'stacks' END AS stacks,
        CASE WHEN j.value ->> '$.bitcoin.asked' = a.btc_address THEN j.value -> 'bitcoin' END AS bitcoin
      FROM json_each(${json}) AS j
      CROSS JOIN agents AS a ON a.stx_address = j.value ->> 'agent' AND a.removed_at IS NULL)
    LEFT JOIN fetches AS f ON f.agent_address = agent
    WHERE stacks IS NOT NULL OR bitcoin IS NOT NULL
    ON CONFLICT (agent_address) DO UPDATE SET ${keepOtherLane("stacks")}, ${keepOtherLane("bitcoin")},
      tokens_left_out = excluded.tokens_left_out, rotation = excluded.rotation`.compile(db);
}

// A lane that was not asked keeps all it has.
function keepOtherLane(lane: Lane) {
  const asked = `excluded.${lane}_attempted_at IS NOT NULL`;
  return sql.raw(`
      ${lane}_attempted_at = coalesce(excluded.${lane}_attempted_at, ${lane}_attempted_at),
      ${lane}_good_at = coalesce(excluded.${lane}_good_at, ${lane}_good_at),
      ${lane}_error = CASE WHEN ${asked} THEN excluded.${lane}_error ELSE ${lane}_error END,
      ${lane}_held_since = CASE WHEN ${asked} THEN excluded.${lane}_held_since ELSE ${lane}_held_since END`);
}
