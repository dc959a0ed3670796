import { BTC, SBTC, STX } from "@standings/balances";
import type { Db } from "../client.ts";
import type { StandingRow } from "../tables.ts";

/** Why a holding is no part of its agent's total. */
export type UncountedReason =
  | "unlisted" // the token is none of those that count
  | "no-price" // it would count, but what it is worth is unknown
  | "claimed-by-another"; // the Bitcoin address counts for the agent that was verified first

/** A token as frozen in standings.tokens: base units as digits, micro-USD or null, null decimals = unknown. */
export interface StandingToken {
  id: string;
  symbol: string;
  raw: string;
  decimals: number | null;
  usd: number | null;
  counted: boolean;
  reason: UncountedReason | null; // null = it counts
}

export interface Standing extends Omit<StandingRow, "tokens" | "partial"> {
  tokens: StandingToken[]; // zero balances dropped, largest value first
  partial: boolean;
}

/** As SQL writes it: `counted` is 0 or 1, and missing with `reason` in a version that an older release published. */
export type StoredToken = Omit<StandingToken, "counted" | "reason"> & {
  counted?: number;
  reason?: UncountedReason | null;
};

export function toStanding(row: StandingRow): Standing {
  const tokens: StoredToken[] = JSON.parse(row.tokens);
  return { ...row, tokens: tokens.map(toStandingToken), partial: row.partial === 1 };
}

/** The tokens that counted in versions without `counted`. */
const COINS: readonly string[] = [STX, BTC, SBTC];

export function toStandingToken({ counted, reason, ...token }: StoredToken): StandingToken {
  if (counted !== undefined) return { ...token, counted: counted === 1, reason: reason ?? null };
  const why = !COINS.includes(token.id) ? "unlisted" : token.usd === null ? "no-price" : null;
  return { ...token, counted: why === null, reason: why };
}

/**
 * The rows of a ranking after `offset`, at most `limit`, or undefined when that version is gone. One batch checks the
 * version and reads the page, so that a prune in between can never look like an empty page. Reads as many rows at any
 * depth: rank is the key.
 */
export async function findStandingsPage(
  db: Db,
  version: number,
  page: { offset: number; limit: number },
): Promise<Standing[] | undefined> {
  const { rows } = await db.batch([
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
  const [publications, standings] = rows;
  return publications.length > 0 ? standings.map(toStanding) : undefined;
}

/** One agent's row of a ranking. Undefined when the agent is not ranked in it, or the version is gone. */
export async function findStanding(db: Db, version: number, stxAddress: string): Promise<Standing | undefined> {
  const row = await db
    .selectFrom("standings")
    .selectAll()
    .where("stx_address", "=", stxAddress)
    .where("version", "=", version)
    .executeTakeFirst();
  return row && toStanding(row);
}
