import { sql } from "kysely";
import type { Db } from "../client.ts";

/** Where the rebuild stands, from D1 alone: the authority when the Durable Object's own memory is behind or gone. */
export interface Progress {
  epoch: number; // newest commit; 0 = none yet
  version: number; // newest publication; 0 = none yet
  rotation: number; // newest rotation that attempted an agent or published; 0 = none yet
  lastAttempted: string; // last listed agent that rotation attempted; "" = none
  processed: number; // listed agents that rotation attempted
  agents: number; // in the roster
}

export async function getProgress(db: Db): Promise<Progress> {
  const result = await sql<Progress>`
    WITH newest AS (SELECT max(
      coalesce((SELECT max(rotation) FROM fetches), 0),
      coalesce((SELECT rotation FROM publications ORDER BY version DESC LIMIT 1), 0)) AS rotation),
    attempted AS (SELECT f.agent_address FROM fetches AS f JOIN agents AS a ON a.stx_address = f.agent_address
      WHERE a.removed_at IS NULL AND f.rotation = (SELECT rotation FROM newest))
    SELECT
      (SELECT coalesce(max(epoch), 0) FROM tick_commits) AS epoch,
      (SELECT coalesce(max(version), 0) FROM publications) AS version,
      (SELECT rotation FROM newest) AS rotation,
      (SELECT coalesce(max(agent_address), '') FROM attempted) AS lastAttempted,
      (SELECT count(*) FROM attempted) AS processed,
      (SELECT count(*) FROM agents WHERE removed_at IS NULL) AS agents`.execute(db);
  const row = result.rows[0];
  if (!row) throw new Error("D1 returned no row for a query that always has one");
  return row;
}

/** Whose commit an epoch is; undefined when it has none. */
export async function findTickId(db: Db, epoch: number): Promise<string | undefined> {
  const row = await db.selectFrom("tick_commits").select("tick_id").where("epoch", "=", epoch).executeTakeFirst();
  return row?.tick_id;
}
