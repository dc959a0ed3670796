import type { Hono } from "hono";
import { parseInteger } from "./amounts.ts";
import { answerInvalid, json, jsonWithEtag } from "./hiro-answers.ts";
import { findPrincipalError } from "./hiro-principal.ts";
import { LOCK, type StacksHoldings } from "./stacks-holdings.ts";
import { type HostEnv, readStacks } from "./view.ts";
import type { World } from "./world.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 200;
const CURSOR_PATTERN = "^\\d+:.+$";
const ASSET_PATTERN = /^[0-9A-Z]{28,41}\.[a-zA-Z][a-zA-Z0-9_-]{0,39}::[a-zA-Z][a-zA-Z0-9\-_!?+<>=/*]{0,127}$/;

interface FtRow {
  asset_identifier: string;
  balance: string;
}

/** The current routes. They do not check the checksum: a mistyped principal holds nothing, with status 200. */
export function addHiroV3Routes(app: Hono<HostEnv>, world: World): void {
  app.get("/extended/v3/principals/:principal/balances/stx", (c) => {
    const invalid = findPrincipalError(c.req.param("principal"), "v3");
    if (invalid) return answerInvalid(invalid);
    const holdings = readStacks(world, c, c.req.param("principal"));
    return jsonWithEtag(c, toStxBalance(holdings), holdings.active);
  });

  app.get("/extended/v3/principals/:principal/balances/ft", (c) => {
    const limitText = c.req.query("limit");
    const cursor = c.req.query("cursor");
    const invalid = findPrincipalError(c.req.param("principal"), "v3") ?? findLimitError(limitText);
    if (invalid) return answerInvalid(invalid);
    const holdings = readStacks(world, c, c.req.param("principal"));
    const rows = sortFtRows(holdings);
    const start = cursor === undefined ? 0 : findStart(rows, cursor);
    if (start === undefined) return answerInvalid(`querystring/cursor must match pattern "${CURSOR_PATTERN}"`);
    const limit = limitText === undefined ? DEFAULT_LIMIT : Number(limitText);
    return jsonWithEtag(c, toFtPage(rows, limit, start), holdings.active);
  });

  app.get("/extended/v3/principals/:principal/balances/ft/:asset", (c) => {
    const asset = c.req.param("asset");
    const invalid = findPrincipalError(c.req.param("principal"), "v3");
    if (invalid) return answerInvalid(invalid);
    if (!ASSET_PATTERN.test(asset)) return answerInvalid("params/asset_identifier must match pattern");
    const held = readStacks(world, c, c.req.param("principal")).tokens.get(asset);
    return json({ asset_identifier: asset, balance: held?.balance ?? "0" });
  });
}

function toStxBalance(holdings: StacksHoldings) {
  const { stx, locked, pending } = holdings;
  const available = stx.balance - locked;
  return {
    balance: String(stx.balance),
    available: String(available),
    locked: locked > 0n ? { amount: String(locked), pox_version: 4, ...LOCK } : null,
    mempool: pending
      ? {
          estimated_balance: String(available + pending.inbound - pending.outbound),
          inbound: String(pending.inbound),
          outbound: String(pending.outbound),
        }
      : null,
  };
}

/** Largest balance first, then by asset identifier. Sold tokens are not listed; what is no number comes last. */
function sortFtRows(holdings: StacksHoldings): FtRow[] {
  return [...holdings.tokens]
    .filter(([, held]) => held.balance !== "0")
    .map(([assetId, { balance }]) => ({ row: { asset_identifier: assetId, balance }, size: toSize(balance) }))
    .sort((a, b) => compare(b.size, a.size) || compare(a.row.asset_identifier, b.row.asset_identifier))
    .map(({ row }) => row);
}

function toSize(balance: string): bigint {
  return parseInteger(balance) ?? -1n;
}

/** A cursor names the first row of its own page. When that row has moved, the page starts where it would have been. */
function toFtPage(rows: FtRow[], limit: number, start: number) {
  const page = rows.slice(start, start + limit);
  return {
    total: rows.length,
    limit,
    cursor: {
      next: toCursor(rows[start + limit]),
      previous: start > 0 ? toCursor(rows[Math.max(0, start - limit)]) : null,
      current: toCursor(page[0]),
    },
    results: page,
  };
}

/** Undefined = not a cursor. Those that were given out are, whatever the amount in them. */
function findStart(rows: FtRow[], cursor: string): number | undefined {
  const exact = rows.findIndex((row) => toCursor(row) === cursor);
  if (exact >= 0) return exact;
  if (!new RegExp(CURSOR_PATTERN).test(cursor)) return undefined;
  const colon = cursor.indexOf(":");
  const balance = BigInt(cursor.slice(0, colon));
  const assetId = cursor.slice(colon + 1);
  const start = rows.findIndex((row) => {
    const rowBalance = toSize(row.balance);
    return rowBalance < balance || (rowBalance === balance && row.asset_identifier >= assetId);
  });
  return start < 0 ? rows.length : start;
}

function toCursor(row: FtRow | undefined): string | null {
  return row ? `${row.balance}:${row.asset_identifier}` : null;
}

function findLimitError(limit: string | undefined): string | undefined {
  if (limit === undefined) return undefined;
  if (!/^-?\d+$/.test(limit)) return "querystring/limit must be integer";
  if (Number(limit) < 1) return "querystring/limit must be >= 1";
  return Number(limit) > MAX_LIMIT ? `querystring/limit must be <= ${MAX_LIMIT}` : undefined;
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
