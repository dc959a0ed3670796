import { BTC, SBTC, STX, toContractId, valueUsdMicros } from "@standings/balances";
import type { AgentRow, FetchRow, Matches, Publication, Standing, StandingToken } from "@standings/db";
import type { Agent, AgentAnswer, Dashboard, Prices, Token } from "./schema.ts";
import type { PageWindow } from "./window.ts";

const MICROS_PER_USD = 1_000_000;

/** Rows as stored to the answer: micro-USD to dollars, digits to amounts, times to RFC 3339. No clock, no request. */
export function toDashboard(
  publication: Publication | undefined,
  rows: readonly Standing[],
  window: PageWindow,
): Dashboard {
  const { limit, offset } = window;
  const total = publication?.agents ?? 0;
  return {
    agents: publication ? rows.map((row) => toAgent(row, publication)) : [],
    prices: toPrices(publication),
    stats: {
      total,
      totalUsd: toUsd(publication?.total_usd ?? 0),
      pricedAt: toTime(publication?.priced_at ?? null),
      partialCount: publication?.partial ?? 0,
      pendingCount: publication?.pending ?? 0,
    },
    cachedAt: toTime(publication?.published_at ?? null),
    version: publication?.version ?? 0,
    pagination: { total, limit, offset, hasMore: offset + limit < total },
  };
}

/** The rows of a search, shaped as a page: its total counts what matches. */
export function toSearchResult(publication: Publication, matches: Matches, window: PageWindow): Dashboard {
  const { rows, total, isCutOff } = matches;
  return {
    ...toDashboard(publication, rows, window),
    pagination: { total, ...window, hasMore: isCutOff || total > rows.length },
  };
}

export function toAgent(row: Standing, publication: Publication): Agent {
  return {
    rank: row.rank,
    ...toProfile(row),
    tokens: toTokens(row.tokens, publication.prices),
    totalUsd: toUsd(row.total_usd),
    ...(row.partial && { fetchError: "partial" as const }),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}

export function toRankedAnswer(row: Standing, publication: Publication): AgentAnswer {
  return { ...toAgent(row, publication), pending: false, ...toEdition(publication) };
}

/** What is known of an agent that no ranking holds yet, valued with the prices that the ranked ones are valued with. */
export function toPendingAnswer(
  agent: AgentRow,
  known: { tokens: readonly StandingToken[]; fetch: FetchRow | undefined },
  publication: Publication | undefined,
): AgentAnswer {
  const prices = publication?.prices ?? {};
  const tokens = known.tokens.map((token) => revalue(token, prices)).sort(byValueThenId);
  const totalUsd = tokens.reduce((sum, token) => sum + (token.counted ? (token.usd ?? 0) : 0), 0);
  const goodAt = [known.fetch?.stacks_good_at, known.fetch?.bitcoin_good_at].map((time) => time ?? Number.NaN);
  const updatedAt = Math.min(...goodAt);
  const failed = known.fetch && (known.fetch.stacks_error !== null || known.fetch.bitcoin_error !== null);
  return {
    rank: null,
    ...toProfile(agent),
    tokens: toTokens(tokens, prices),
    totalUsd: toUsd(totalUsd),
    ...(failed && { fetchError: "partial" as const }),
    updatedAt: Number.isNaN(updatedAt) ? null : toTime(updatedAt),
    pending: true,
    ...toEdition(publication),
  };
}

function toProfile(
  row: Pick<AgentRow, "stx_address" | "btc_address" | "display_name" | "bns_name" | "level" | "level_name">,
) {
  return {
    stxAddress: row.stx_address,
    btcAddress: row.btc_address,
    displayName: row.display_name,
    bnsName: row.bns_name,
    level: row.level,
    levelName: row.level_name,
  };
}

function toEdition(publication: Publication | undefined): Pick<AgentAnswer, "prices" | "cachedAt" | "version"> {
  return {
    prices: toPrices(publication),
    cachedAt: toTime(publication?.published_at ?? null),
    version: publication?.version ?? 0,
  };
}

/** What counts stands before what does not, each in the order it was frozen in. */
function toTokens(tokens: readonly StandingToken[], prices: Readonly<Record<string, number>>): Token[] {
  return tokens.map((token) => toToken(token, prices)).sort((a, b) => b.usdValue - a.usdValue);
}

function toToken(token: StandingToken, prices: Readonly<Record<string, number>>): Token {
  const contract = toContractId(token.id);
  const priceUsd = token.usd === null ? undefined : prices[token.id];
  return {
    symbol: token.symbol,
    balance: token.raw,
    decimals: token.decimals ?? 0,
    amount: toAmount(token.raw, token.decimals ?? 0),
    priceUsd: priceUsd ?? 0,
    usdValue: priceUsd === undefined || !token.counted ? 0 : toUsd(token.usd ?? 0),
    ...(contract !== undefined && { contract }),
    priced: priceUsd !== undefined,
    decimalsKnown: token.decimals !== null,
    counted: token.counted,
    ...(token.reason !== null && { reason: token.reason }),
  };
}

/** Base units as a number of whole tokens: the decimal is written out and read once, so it is rounded once. */
export function toAmount(raw: string, decimals: number): number {
  return Number(`${raw}e-${decimals}`);
}

function revalue(token: StandingToken, prices: Readonly<Record<string, number>>): StandingToken {
  const price = prices[token.id];
  const usd =
    price === undefined || token.decimals === null
      ? null
      : Number(valueUsdMicros(BigInt(token.raw), token.decimals, price));
  if (token.reason !== null && token.reason !== "no-price") return { ...token, usd };
  return { ...token, usd, counted: usd !== null, reason: usd === null ? "no-price" : null };
}

function byValueThenId(a: StandingToken, b: StandingToken): number {
  return (b.usd ?? -1) - (a.usd ?? -1) || (a.id < b.id ? -1 : 1);
}

function toPrices(publication: Publication | undefined): Prices {
  const prices = publication?.prices ?? {};
  return { BTC: prices[BTC] ?? null, STX: prices[STX] ?? null, sBTC: prices[SBTC] ?? null };
}

function toUsd(micros: number): number {
  return micros / MICROS_PER_USD;
}

function toTime(unixMs: number | null): string | null {
  return unixMs === null ? null : new Date(unixMs).toISOString();
}
