import type { Kysely } from "kysely";
import type { Database } from "../database.ts";
import type { PublicationRow } from "../tables.ts";

export interface Publication extends Omit<PublicationRow, "prices"> {
  prices: Record<string, number>; // the one price vector: token_id -> USD per whole token
}

export function toPublication(row: PublicationRow): Publication {
  return { ...row, prices: JSON.parse(row.prices) as Record<string, number> };
}

/** The ranking that readers see. Undefined until the first tick has committed. */
export async function findNewestPublication(db: Kysely<Database>): Promise<Publication | undefined> {
  const row = await db.selectFrom("publications").selectAll().orderBy("version", "desc").limit(1).executeTakeFirst();
  return row && toPublication(row);
}

/** A ranking that a client pinned. Undefined when it is pruned or never existed. */
export async function findPublication(db: Kysely<Database>, version: number): Promise<Publication | undefined> {
  const row = await db.selectFrom("publications").selectAll().where("version", "=", version).executeTakeFirst();
  return row && toPublication(row);
}
