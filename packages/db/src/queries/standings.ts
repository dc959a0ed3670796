import type { Kysely } from "kysely";
import { executeBatch } from "../client.ts";
import type { Database } from "../database.ts";
import type { StandingRow } from "../tables.ts";

/** A token as frozen in standings.tokens: base units as digits, micro-USD or null, null decimals = unknown. */
export interface StandingToken {
  id: string;
  symbol: string;
  raw: string;
  decimals: number | null;
  usd: number | null;
}

export interface Standing extends Omit<StandingRow, "tokens" | "partial"> {
  tokens: StandingToken[]; // zero balances dropped, largest value first
  partial: boolean;
}

export function toStanding(row: StandingRow): Standing {
  return { ...row, tokens: JSON.parse(row.tokens) as StandingToken[], partial: row.partial === 1 };
}

/**
 * The rows of a ranking after `offset`, at most `limit`, or undefined when that version is gone. One batch checks the
 * version and reads the page, so that a prune in between can never look like an empty page. Reads as many rows at any
 * depth: rank is the key.
 */
export async function findStandingsPage(
  d1: D1Database,
  db: Kysely<Database>,
  version: number,
  page: { offset: number; limit: number },
): Promise<Standing[] | undefined> {
  const [publication, rows] = await executeBatch(d1, [
    db.selectFrom("publications").select("version").where("version", "=", version).compile(),
    db
      .selectFrom("standings")
      .selectAll()
      .where("version", "=", version)
      .where("rank", ">", page.offset)
      .where("rank", "<=", page.offset + page.limit)
      .orderBy("rank")
      .limit(page.limit) // ends the scan at the last row: without it one row past the page is read
      .compile(),
  ]);
  if (!publication?.results.length || !rows) return undefined;
  return (rows.results as unknown as StandingRow[]).map(toStanding);
}

/** One agent's row of a ranking. Undefined when the agent is not ranked in it, or the version is gone. */
export async function findStanding(
  db: Kysely<Database>,
  version: number,
  stxAddress: string,
): Promise<Standing | undefined> {
  const row = await db
    .selectFrom("standings")
    .selectAll()
    .where("stx_address", "=", stxAddress)
    .where("version", "=", version)
    .executeTakeFirst();
  return row && toStanding(row);
}
