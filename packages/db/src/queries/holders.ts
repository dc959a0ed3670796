import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** Who of these agents is stored with some of a ranked token: token id -> Stacks addresses. */
export async function getHolders(
  db: Kysely<Database>,
  stxAddresses: readonly string[],
): Promise<Map<string, Set<string>>> {
  const result = await sql<{ tokenId: string; agent: string }>`
    SELECT b.token_id AS tokenId, b.agent_address AS agent FROM json_each(${JSON.stringify(stxAddresses)}) AS j
    JOIN balances AS b ON b.agent_address = j.value
    JOIN tokens AS t ON t.token_id = b.token_id
    WHERE t.ranked = 1 AND b.raw_amount <> '0'`.execute(db);
  const holders = new Map<string, Set<string>>();
  for (const { tokenId, agent } of result.rows) {
    const agents = holders.get(tokenId) ?? new Set();
    holders.set(tokenId, agents.add(agent));
  }
  return holders;
}
