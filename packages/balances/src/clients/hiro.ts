import { z } from "zod";
import { isStacksAddress } from "../address.ts";
import { parseAmount } from "../amount.ts";
import { SBTC_ASSET_IDENTIFIER, SBTC_CONTRACT_ID } from "../tokens/assets.ts";
import type { LaneBalances } from "../types.ts";
import { type AssetEntry, toStacksBalances } from "./holdings.ts";
import type { Attempt, Http, Parsed } from "./http.ts";

// Hiro Stacks API. v1 is deprecated but needs one call an agent; v3 needs one for STX and one per 200 tokens.
// Shapes: stacks-blockchain-api, src/api/routes/v3/schemas/principal-balances.ts and the v1 address routes.

export type HiroVersion = "v1" | "v3";

/** Calls per agent, for planning: v3's further pages come out of the budget's slack. */
export const HIRO_CALLS: Record<HiroVersion, number> = { v1: 1, v3: 2 };

/** The most Hiro allows. */
const FT_PAGE_SIZE = 200;

/** Past a thousand tokens an address is spammed: sBTC is then asked for by its own route instead of paging on. */
const MAX_FT_PAGES = 5;

const amount = z.string().transform((text, context) => {
  const parsed = parseAmount(text);
  if (parsed !== undefined) return parsed;
  context.addIssue("not an amount");
  return z.NEVER;
});

const v1Balances = z.object({
  stx: z.object({ balance: amount }), // includes what is locked by stacking
  fungible_tokens: z.record(z.string(), z.unknown()),
});
const v3Stx = z.object({ balance: amount }); // available + locked
const v3FtPage = z.object({
  total: z.number().int().nonnegative(),
  cursor: z.object({ next: z.string().nullable() }),
  results: z.array(z.unknown()),
});
const v3Ft = z.object({ balance: amount });

/** Which generation of the balance routes answers; shared by the agents of a tick, so that one 410 is enough. */
export interface HiroRoutes {
  version: HiroVersion;
}

export async function fetchStacksBalances(
  http: Http,
  routes: HiroRoutes,
  principal: string,
): Promise<Attempt<LaneBalances>> {
  if (!isStacksAddress(principal)) return { kind: "failed", reason: "invalid-address" };
  if (routes.version === "v3") return fetchV3(http, principal);
  const attempt = await fetchV1(http, principal);
  if (attempt.kind !== "failed") return attempt;
  if (attempt.reason === "endpoint-gone") {
    routes.version = "v3";
    return fetchV3(http, principal);
  }
  // v1 has no pages: an address with thousands of spam tokens outgrows the body limit there.
  return attempt.reason === "too-large" ? fetchV3(http, principal) : attempt;
}

function fetchV1(http: Http, principal: string): Promise<Attempt<LaneBalances>> {
  return http.getJson({
    host: "hiro",
    path: `/extended/v1/address/${encodeURIComponent(principal)}/balances`,
    isGone: isRouteGone,
    parse(body) {
      const parsed = v1Balances.safeParse(body);
      if (!parsed.success) return { ok: false, reason: "invalid-shape" };
      const entries = Object.entries(parsed.data.fungible_tokens).map(([identifier, token]) => {
        return { identifier, balance: toField(token, "balance") };
      });
      return toStacksBalances(parsed.data.stx.balance, entries);
    },
  });
}

/** 410, or the router's own 404. "no current block" is a 404 too, and passes. */
function isRouteGone(status: number, body: string): boolean {
  return status === 410 || (status === 404 && /"message":\s*"Route GET:[^"]* not found"/.test(body));
}

async function fetchV3(http: Http, principal: string): Promise<Attempt<LaneBalances>> {
  const path = `/extended/v3/principals/${encodeURIComponent(principal)}/balances`;
  const stx = await http.getJson({ host: "hiro", path: `${path}/stx`, parse: parseWith(v3Stx) });
  if (stx.kind !== "fetched") return stx;
  const tokens = await fetchTokens(http, path);
  if (tokens.kind !== "fetched") return tokens;
  const balances = toStacksBalances(stx.value.balance, tokens.value.entries, tokens.value.unlisted);
  return balances.ok
    ? { kind: "fetched", value: balances.value, at: Math.min(stx.at, tokens.at) }
    : { kind: "failed", reason: balances.reason };
}

interface TokenList {
  entries: AssetEntry[];
  unlisted: number; // tokens past the pages that are read
}

async function fetchTokens(http: Http, path: string): Promise<Attempt<TokenList>> {
  // By identifier: the cursor is inclusive and keyed by balance, so a row can come twice while balances change.
  const entries = new Map<unknown, AssetEntry>();
  let cursor: string | null = null;
  for (let page = 1; ; page++) {
    const query: string = `limit=${FT_PAGE_SIZE}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer: Attempt<z.infer<typeof v3FtPage>> = await http.getJson({
      host: "hiro",
      path: `${path}/ft?${query}`,
      parse: parseWith(v3FtPage),
    });
    if (answer.kind !== "fetched") return answer;
    for (const row of answer.value.results) {
      const identifier = toField(row, "asset_identifier");
      entries.set(identifier, { identifier, balance: toField(row, "balance") });
    }
    cursor = answer.value.cursor.next;
    const list = { entries: [...entries.values()], unlisted: 0 };
    if (cursor === null) return { kind: "fetched", value: list, at: answer.at };
    if (page === MAX_FT_PAGES) {
      return withOwnSbtc(http, path, { ...list, unlisted: Math.max(0, answer.value.total - entries.size) });
    }
  }
}

async function withOwnSbtc(http: Http, path: string, list: TokenList): Promise<Attempt<TokenList>> {
  const sbtc = await http.getJson({
    host: "hiro",
    path: `${path}/ft/${encodeURIComponent(SBTC_ASSET_IDENTIFIER)}`,
    parse: parseWith(v3Ft),
  });
  if (sbtc.kind !== "fetched") return sbtc;
  const others = list.entries.filter(({ identifier }) => !String(identifier).startsWith(`${SBTC_CONTRACT_ID}::`));
  const own = { identifier: SBTC_ASSET_IDENTIFIER, balance: sbtc.value.balance.toString() };
  return { kind: "fetched", value: { ...list, entries: [...others, own] }, at: sbtc.at };
}

/** A field of something that may be anything. */
function toField(item: unknown, name: string): unknown {
  return typeof item === "object" && item !== null ? (item as Record<string, unknown>)[name] : undefined;
}

function parseWith<T extends z.ZodType>(schema: T): (body: unknown) => Parsed<z.infer<T>> {
  return (body) => {
    const parsed = schema.safeParse(body);
    return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: "invalid-shape" };
  };
}
