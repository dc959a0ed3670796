import { toAgentWords } from "@standings/balances";
import { type CompiledQuery, type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { RosterAgent } from "./roster.ts";

/**
 * The statements that make `agent_words` say by what the listed agents are found from the next version on, for the end
 * of the roster's batch. Words that stay are not written; versions published before keep the words they had.
 */
export function compileAgentWords(db: Kysely<Database>, agents: readonly RosterAgent[]): CompiledQuery[] {
  const words = agents.map((agent) => ({
    agent: agent.stx_address,
    words: toAgentWords({
      stxAddress: agent.stx_address,
      btcAddress: agent.btc_address,
      displayName: agent.display_name,
      bnsName: agent.bns_name,
    }),
  }));
  const nextVersion = sql`(SELECT coalesce(max(version), 0) + 1 FROM publications)`;
  return [
    sql`
      UPDATE agent_words SET until_version = ${nextVersion} WHERE until_version IS NULL
        AND stx_address IN (SELECT stx_address FROM agents WHERE removed_at IS NOT NULL)`.compile(db),
    ...toJsonParameters(words).flatMap((json) => {
      const listed = sql`SELECT w.value AS word, j.value ->> 'agent' AS stx_address
        FROM json_each(${json}) AS j, json_each(j.value, '$.words') AS w`;
      return [
        sql`
          UPDATE agent_words SET until_version = ${nextVersion} WHERE until_version IS NULL
            AND stx_address IN (SELECT value ->> 'agent' FROM json_each(${json}))
            AND (word, stx_address) NOT IN (${listed})`.compile(db),
        // A word that went and came back between two versions has its row still: it never ended.
        sql`
          INSERT INTO agent_words (word, stx_address, from_version, until_version)
          SELECT l.word, l.stx_address, ${nextVersion}, NULL FROM (${listed}) AS l
          WHERE NOT EXISTS (SELECT 1 FROM agent_words AS held
            WHERE held.word = l.word AND held.stx_address = l.stx_address AND held.until_version IS NULL)
          ON CONFLICT (word, stx_address, from_version) DO UPDATE SET until_version = NULL`.compile(db),
      ];
    }),
  ];
}
