import { BTC } from "@standings/balances";
import { type CompiledQuery, type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { NewTickCommit } from "../tables.ts";
import { usdMicrosSql } from "./valuation.ts";

export type SourceName = "stacks" | "bitcoin";

export interface TokenBalance {
  tokenId: string;
  symbol: string; // kept only for a token that was never seen before
  rawAmount: string; // base units, decimal digits
}

/** What one attempt at one source of one agent came to. Times are Unix milliseconds. */
export interface SourceWrite {
  agentAddress: string;
  source: SourceName;
  provider: string; // balances.source
  attemptedAt: number;
  answer: { balances: readonly TokenBalance[]; leftOut: number } | { error: string };
}

export interface AcceptedPrice {
  tokenId: string;
  priceUsd: number;
  pricedAt: number;
  source: string;
}

export interface TickWrites {
  commit: NewTickCommit;
  rotation: number;
  prices: readonly AcceptedPrice[];
  sources: readonly SourceWrite[];
}

interface GoodSource {
  agent: string;
  source: SourceName;
  provider: string;
  at: number;
}

interface HeldToken {
  agent: string;
  token: string;
  raw: string;
  at: number;
  provider: string;
}

/** Ticks kept as a log: about two days at one every two minutes, enough to look back over a weekend's night. */
export const KEPT_TICK_COMMITS = 1_500;

/**
 * The statements of one tick's commit, the fence first. A failed source only marks its attempt; a complete answer
 * is the whole truth about its source: what it no longer names is zero (ranked tokens) or gone (all others).
 */
export function compileTickWrites(db: Kysely<Database>, writes: TickWrites): CompiledQuery[] {
  const { commit, rotation } = writes;
  const good: GoodSource[] = [];
  const balances: HeldToken[] = [];
  const tokens = new Map<string, string>();
  const fetches: { agent: string; source: SourceName; at: number; error: string | null; leftOut: number | null }[] = [];
  for (const write of writes.sources) {
    const { agentAddress: agent, source, provider, attemptedAt: at, answer } = write;
    if ("error" in answer) {
      fetches.push({ agent, source, at, error: answer.error, leftOut: null });
      continue;
    }
    good.push({ agent, source, provider, at });
    fetches.push({ agent, source, at, error: null, leftOut: answer.leftOut });
    for (const balance of answer.balances) {
      balances.push({ agent, token: balance.tokenId, raw: balance.rawAmount, at, provider });
      tokens.set(balance.tokenId, balance.symbol);
    }
  }
  const newTokens = [...tokens].map(([id, symbol]) => ({ id, symbol }));
  return [
    db.insertInto("tick_commits").values(commit).compile(),
    ...(writes.prices.length > 0 ? [compilePrices(db, writes.prices)] : []),
    ...(newTokens.length > 0 ? toJsonParameters(newTokens).map((json) => compileNewTokens(db, json)) : []),
    ...(balances.length > 0 ? toJsonParameters(balances).map((json) => compileBalances(db, json)) : []),
    ...(good.length > 0 ? compileAbsences(db, good, balances) : []),
    ...(fetches.length > 0 ? toJsonParameters(fetches).map((json) => compileFetches(db, json, rotation)) : []),
    sql`DELETE FROM tick_commits WHERE epoch <= ${commit.epoch - KEPT_TICK_COMMITS}`.compile(db),
  ];
}

function compilePrices(db: Kysely<Database>, prices: readonly AcceptedPrice[]): CompiledQuery {
  return sql`
    UPDATE tokens SET price_usd = j.value ->> 'priceUsd', priced_at = j.value ->> 'pricedAt',
      price_source = j.value ->> 'source'
    FROM json_each(${JSON.stringify(prices)}) AS j WHERE token_id = j.value ->> 'tokenId'`.compile(db);
}

function compileNewTokens(db: Kysely<Database>, json: string): CompiledQuery {
  return sql`
    INSERT INTO tokens (token_id, symbol) SELECT value ->> 'id', value ->> 'symbol' FROM json_each(${json}) WHERE true
    ON CONFLICT (token_id) DO NOTHING`.compile(db);
}

function compileBalances(db: Kysely<Database>, json: string): CompiledQuery {
  return sql`
    INSERT INTO balances (agent_address, token_id, captured_at, raw_amount, decimals, usd_value, source)
    SELECT j.value ->> 'agent', j.value ->> 'token', j.value ->> 'at', j.value ->> 'raw', t.decimals,
      ${usdMicrosSql("j.value ->> 'raw'", "t.decimals", "t.price_usd")}, j.value ->> 'provider'
    FROM json_each(${json}) AS j LEFT JOIN tokens AS t ON t.token_id = j.value ->> 'token' WHERE true
    ON CONFLICT (agent_address, token_id) DO UPDATE SET captured_at = excluded.captured_at,
      raw_amount = excluded.raw_amount, decimals = excluded.decimals, usd_value = excluded.usd_value,
      source = excluded.source`.compile(db);
}

/**
 * What a complete answer no longer names: zero when the token is ranked, gone otherwise. Compared by name, never by
 * time, so that no clock can keep a sold holding alive.
 */
function compileAbsences(
  db: Kysely<Database>,
  good: readonly GoodSource[],
  held: readonly HeldToken[],
): CompiledQuery[] {
  const named = sql.join(
    toJsonParameters(held.map(({ agent, token }) => [agent, token])).map(
      (json) => sql`SELECT value ->> 0, value ->> 1 FROM json_each(${json})`,
    ),
    sql` UNION ALL `,
  );
  return toJsonParameters(good).flatMap((json) => [
    sql`
      UPDATE balances SET raw_amount = '0', captured_at = j.value ->> 'at', source = j.value ->> 'provider',
        usd_value = CASE WHEN usd_value IS NULL THEN NULL ELSE 0 END
      FROM json_each(${json}) AS j
      WHERE balances.agent_address = j.value ->> 'agent'
        AND (balances.token_id = ${BTC}) = (j.value ->> 'source' = 'bitcoin')
        AND balances.token_id IN (SELECT token_id FROM tokens WHERE ranked = 1)
        AND (balances.agent_address, balances.token_id) NOT IN (${named})`.compile(db),
    sql`
      DELETE FROM balances WHERE agent_address IN (
          SELECT value ->> 'agent' FROM json_each(${json}) WHERE value ->> 'source' = 'stacks')
        AND token_id NOT IN (SELECT token_id FROM tokens WHERE ranked = 1)
        AND (agent_address, token_id) NOT IN (${named})`.compile(db),
  ]);
}

function compileFetches(db: Kysely<Database>, json: string, rotation: number): CompiledQuery {
  return sql`
    INSERT INTO fetches (agent_address, stacks_attempted_at, stacks_good_at, stacks_error,
      bitcoin_attempted_at, bitcoin_good_at, bitcoin_error, tokens_left_out, rotation)
    SELECT agent, max(at) FILTER (WHERE source = 'stacks'),
      max(at) FILTER (WHERE source = 'stacks' AND error IS NULL), max(error) FILTER (WHERE source = 'stacks'),
      max(at) FILTER (WHERE source = 'bitcoin'),
      max(at) FILTER (WHERE source = 'bitcoin' AND error IS NULL), max(error) FILTER (WHERE source = 'bitcoin'),
      coalesce(max(left_out), 0), ${rotation}
    FROM (SELECT value ->> 'agent' AS agent, value ->> 'source' AS source, value ->> 'at' AS at,
      value ->> 'error' AS error, value ->> 'leftOut' AS left_out FROM json_each(${json})) WHERE true
    GROUP BY agent
    ON CONFLICT (agent_address) DO UPDATE SET
      stacks_attempted_at = coalesce(excluded.stacks_attempted_at, stacks_attempted_at),
      stacks_good_at = coalesce(excluded.stacks_good_at, stacks_good_at),
      stacks_error = CASE WHEN excluded.stacks_attempted_at IS NULL THEN stacks_error ELSE excluded.stacks_error END,
      bitcoin_attempted_at = coalesce(excluded.bitcoin_attempted_at, bitcoin_attempted_at),
      bitcoin_good_at = coalesce(excluded.bitcoin_good_at, bitcoin_good_at),
      bitcoin_error = CASE WHEN excluded.bitcoin_attempted_at IS NULL THEN bitcoin_error ELSE excluded.bitcoin_error END,
      tokens_left_out = CASE WHEN excluded.stacks_good_at IS NULL THEN tokens_left_out ELSE excluded.tokens_left_out END,
      rotation = excluded.rotation`.compile(db);
}
