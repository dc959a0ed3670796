import type { Hono } from "hono";
import { answerInvalid, json, jsonWithEtag } from "./hiro-answers.ts";
import { findPrincipalError } from "./hiro-principal.ts";
import { LOCK, type StacksHoldings } from "./stacks-holdings.ts";
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
export function addHiroV3Routes(app: Hono, world: World): void {
  app.get("/extended/v3/principals/:principal/balances/stx", (c) => {
    const invalid = findPrincipalError(c.req.param("principal"), "v3");
    if (invalid) return answerInvalid(invalid);
    const holdings = world.holdings.getStacks(c.req.param("principal"));
    return jsonWithEtag(c, toStxBalance(holdings), holdings.active);
  });

  app.get("/extended/v3/principals/:principal/balances/ft", (c) => {
    const limitText = c.req.query("limit");
    const cursor = c.req.query("cursor");
    const invalid =
      findPrincipalError(c.req.param("principal"), "v3") ?? findLimitError(limitText) ?? findCursorError(cursor);
    if (invalid) return answerInvalid(invalid);
    const holdings = world.holdings.getStacks(c.req.param("principal"));
    const limit = limitText === undefined ? DEFAULT_LIMIT : Number(limitText);
    return jsonWithEtag(c, toFtPage(sortFtRows(holdings), limit, cursor), holdings.active);
  });

  app.get("/extended/v3/principals/:principal/balances/ft/:asset", (c) => {
    const asset = c.req.param("asset");
    const invalid = findPrincipalError(c.req.param("principal"), "v3");
    if (invalid) return answerInvalid(invalid);
    if (!ASSET_PATTERN.test(asset)) return answerInvalid("params/asset_identifier must match pattern");
    const flow = world.holdings.getStacks(c.req.param("principal")).tokens.get(asset);
    return json({ asset_identifier: asset, balance: String(flow?.balance ?? 0n) });
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

/** Largest balance first, then by asset identifier. Sold tokens are not listed. */
function sortFtRows(holdings: StacksHoldings): FtRow[] {
  return [...holdings.tokens]
    .filter(([, flow]) => flow.balance > 0n)
    .sort(([idA, a], [idB, b]) => (a.balance === b.balance ? compare(idA, idB) : compare(b.balance, a.balance)))
    .map(([assetId, flow]) => ({ asset_identifier: assetId, balance: String(flow.balance) }));
}

/** A cursor names the first row of its own page. When that row has moved, the page starts where it would have been. */
function toFtPage(rows: FtRow[], limit: number, cursor: string | undefined) {
  const start = cursor === undefined ? 0 : findStart(rows, cursor);
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

function findStart(rows: FtRow[], cursor: string): number {
  const colon = cursor.indexOf(":");
  const balance = BigInt(cursor.slice(0, colon));
  const assetId = cursor.slice(colon + 1);
  const start = rows.findIndex((row) => {
    const rowBalance = BigInt(row.balance);
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

function findCursorError(cursor: string | undefined): string | undefined {
  if (cursor === undefined || new RegExp(CURSOR_PATTERN).test(cursor)) return undefined;
  return `querystring/cursor must match pattern "${CURSOR_PATTERN}"`;
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
