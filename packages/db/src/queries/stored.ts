import { sql } from "kysely";
import type { Db } from "../client.ts";
import type { AgentRow, FetchRow } from "../tables.ts";

/** How one lane of an agent stands. Times are Unix milliseconds. */
export interface StoredLane {
  goodAt: number | null; // null = it has never answered for this agent
  error: string | null; // null = the last attempt succeeded
  heldSince: number | null; // null = no holding is kept against its answers
}

export interface StoredAgent {
  btcAddress: string;
  listed: boolean;
  tokens: Map<string, string>; // token id -> base units as digits; zeros of counted tokens included
  stacks: StoredLane;
  bitcoin: StoredLane;
}

export interface Stored {
  agents: Map<string, StoredAgent>; // by Stacks address; who was never in a roster is missing
  countedTokens: Set<string>; // token ids that count towards a total
}

type AgentAndFetch = Pick<AgentRow, "stx_address" | "btc_address" | "removed_at"> & {
  [Column in keyof FetchRow as Column extends `${string}_${"good_at" | "error" | "held_since"}` ? Column : never]:
    | FetchRow[Column]
    | null;
};

/** What is stored of these agents, to write only what an answer changes. Reads their own rows and `tokens`. */
export async function getStored(db: Db, stxAddresses: readonly string[]): Promise<Stored> {
  const json = JSON.stringify(stxAddresses);
  const { rows } = await db.batch([
    sql<AgentAndFetch>`
      SELECT a.stx_address, a.btc_address, a.removed_at, f.stacks_good_at, f.stacks_error, f.stacks_held_since,
        f.bitcoin_good_at, f.bitcoin_error, f.bitcoin_held_since
      FROM json_each(${json}) AS j CROSS JOIN agents AS a ON a.stx_address = j.value
      LEFT JOIN fetches AS f ON f.agent_address = a.stx_address`.compile(db),
    sql<{ agent: string; token: string; raw: string }>`
      SELECT b.agent_address AS agent, b.token_id AS token, b.raw_amount AS raw
      FROM json_each(${json}) AS j CROSS JOIN balances AS b ON b.agent_address = j.value`.compile(db),
    db.selectFrom("tokens").select("token_id").where("ranked", "=", 1).compile(),
  ]);
  const [agentRows, balances, counted] = rows;
  const agents = new Map(agentRows.map((row) => [row.stx_address, toStoredAgent(row)]));
  for (const { agent, token, raw } of balances) agents.get(agent)?.tokens.set(token, raw);
  return { agents, countedTokens: new Set(counted.map((row) => row.token_id)) };
}

function toStoredAgent(row: AgentAndFetch): StoredAgent {
  return {
    btcAddress: row.btc_address,
    listed: row.removed_at === null,
    tokens: new Map(),
    stacks: { goodAt: row.stacks_good_at, error: row.stacks_error, heldSince: row.stacks_held_since },
    bitcoin: { goodAt: row.bitcoin_good_at, error: row.bitcoin_error, heldSince: row.bitcoin_held_since },
  };
}
