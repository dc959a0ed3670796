import type { CompiledQuery } from "kysely";
import type { Db } from "../client.ts";
import type { PublicationRow } from "../tables.ts";

export interface Publication extends Omit<PublicationRow, "prices"> {
  prices: Record<string, number>; // the one price vector: token_id -> USD per whole token
}

export function toPublication(row: PublicationRow): Publication {
  return { ...row, prices: JSON.parse(row.prices) };
}

/** The ranking that readers see. Undefined until the first tick has committed. */
export async function findNewestPublication(db: Db): Promise<Publication | undefined> {
  const { rows } = await db.executeQuery(compileFindNewestPublication(db));
  return rows[0] && toPublication(rows[0]);
}

export function compileFindNewestPublication(db: Db): CompiledQuery<PublicationRow> {
  return db.selectFrom("publications").selectAll().orderBy("version", "desc").limit(1).compile();
}

/** A ranking that a client pinned. Undefined when it is pruned or never existed. */
export async function findPublication(db: Db, version: number): Promise<Publication | undefined> {
  const row = await db.selectFrom("publications").selectAll().where("version", "=", version).executeTakeFirst();
  return row && toPublication(row);
}
