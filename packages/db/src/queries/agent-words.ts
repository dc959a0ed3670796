import { toAgentWords } from "@standings/balances";
import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { RosterAgent } from "../tables.ts";

const NEXT_VERSION = sql`(SELECT coalesce(max(version), 0) + 1 FROM publications)`;

/**
 * The statements that make `agent_words` say by what these agents are found from the next version on, for the end of a
 * roster's statements. Words that stay are not written; versions published before keep the words they had.
 */
export function compileAgentWords(db: Db, agents: readonly RosterAgent[]): CompiledQuery[] {
  if (agents.length === 0) return [];
  const words = agents.map((agent) => ({
    agent: agent.stx_address,
    words: toAgentWords({
      stxAddress: agent.stx_address,
      btcAddress: agent.btc_address,
      displayName: agent.display_name,
      bnsName: agent.bns_name,
    }),
  }));
  return toJsonParameters(words).flatMap((json) => {
    const named = sql`SELECT w.value AS word, j.value ->> 'agent' AS stx_address
      FROM json_each(${json}) AS j, json_each(j.value, '$.words') AS w`;
    return [
      sql`
        UPDATE agent_words SET until_version = ${NEXT_VERSION} WHERE until_version IS NULL AND (word, stx_address) IN (
          SELECT w.word, w.stx_address FROM json_each(${json}) AS j
          CROSS JOIN agent_words AS w ON w.stx_address = j.value ->> 'agent'
          EXCEPT ${named})`.compile(db),
      // A word that went and came back between two versions has its row still: it never ended.
      sql`
        INSERT INTO agent_words (word, stx_address, from_version, until_version)
        SELECT l.word, l.stx_address, ${NEXT_VERSION}, NULL FROM (${named}) AS l
        WHERE NOT EXISTS (SELECT 1 FROM agent_words AS held
          WHERE held.word = l.word AND held.stx_address = l.stx_address AND held.until_version IS NULL)
        ON CONFLICT (word, stx_address, from_version) DO UPDATE SET until_version = NULL`.compile(db),
    ];
  });
}

/** Ends all words of agents that are listed no more. @param json their Stacks addresses */
export function compileEndOfWords(db: Db, json: string): CompiledQuery {
  return sql`
    UPDATE agent_words SET until_version = ${NEXT_VERSION} WHERE until_version IS NULL
      AND stx_address IN (SELECT value FROM json_each(${json}))`.compile(db);
}
