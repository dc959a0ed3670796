import type { Db } from "../client.ts";

/** Whose commit an epoch is; undefined when it has none. */
export async function findTickId(db: Db, epoch: number): Promise<string | undefined> {
  const row = await db.selectFrom("tick_commits").select("tick_id").where("epoch", "=", epoch).executeTakeFirst();
  return row?.tick_id;
}
