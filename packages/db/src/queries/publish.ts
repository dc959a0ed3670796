import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import { isClaimedByAnotherSql, uncountedReasonSql } from "./claims.ts";
import { usdMicrosSql } from "./valuation.ts";

/** A client that holds a version can page through it for this long after its publication. */
export const KEEP_VERSIONS_MS = 15 * 60_000;

/** However old, the newest and the one before stay: a reader may have just found the latter. */
export const KEEP_NEWEST_VERSIONS = 2;

/** Bounds D1 when ticks come every few seconds (forced, or the local set-up): 15 minutes of ordinary ticks are 8. */
export const MAX_KEPT_VERSIONS = 120;

/** Rows of an agent that left the roster stay this long, so that one dropped by mistake comes back whole. */
export const KEEP_REMOVED_AGENTS_MS = 30 * 24 * 3_600_000;

export interface NewPublication {
  version: number;
  epoch: number;
  rotation: number;
  publishedAt: number; // Unix milliseconds
  staleAfter: number; // Unix milliseconds
}

/**
 * The statements that publish a ranking under a new version and prune the old ones, for the end of a tick's batch.
 * Every listed agent whose sources have both answered once is ranked, valued with the prices in `tokens`. Rows that
 * already bear the version go first: a stray row never blocks a ranking. Not to be called before BTC and STX have a
 * price: an unknown price is not a zero.
 * total() instead of sum(): it cannot overflow, and is exact for what can exist (sums below 2^53 micro-USD).
 */
export function compilePublish(db: Db, publication: NewPublication): CompiledQuery[] {
  const { version, epoch, rotation, publishedAt, staleAfter } = publication;
  return [
    sql`DELETE FROM standings WHERE version = ${version}`.compile(db),
    sql`DELETE FROM publications WHERE version = ${version}`.compile(db),
    compileStandings(db, version),
    sql`
      INSERT INTO publications (version, epoch, rotation, published_at, stale_after, prices, priced_at, agents,
        total_usd, partial, pending)
      SELECT ${version}, ${epoch}, ${rotation}, ${publishedAt}, ${staleAfter},
        (SELECT json_group_object(token_id, price_usd) FROM tokens WHERE price_usd IS NOT NULL),
        (SELECT min(priced_at) FROM tokens WHERE ranked = 1), count(*), CAST(total(total_usd) AS INTEGER),
        coalesce(sum(partial), 0),
        (SELECT count(*) FROM agents WHERE removed_at IS NULL) - (SELECT count(*) FROM ${RANKED})
      FROM standings WHERE version = ${version}`.compile(db),
    ...compilePrune(db, version, publishedAt),
  ];
}

const RANKED = sql`agents AS a JOIN fetches AS f ON f.agent_address = a.stx_address
    WHERE a.removed_at IS NULL AND f.stacks_good_at IS NOT NULL AND f.bitcoin_good_at IS NOT NULL`;

/** A row is as old as the older of its last good answers, or as what is kept against them. */
function compileStandings(db: Db, version: number): CompiledQuery {
  const reason = uncountedReasonSql({ usd: sql.ref("usd"), isClaimed: sql.ref("is_claimed") });
  return sql`
      INSERT INTO standings (version, rank, stx_address, btc_address, display_name, bns_name, level, level_name,
        total_usd, tokens, partial, updated_at)
      WITH listed AS MATERIALIZED (
        SELECT a.*, ${isClaimedByAnotherSql} AS is_claimed,
          min(f.stacks_good_at, f.bitcoin_good_at, coalesce(f.stacks_held_since, f.stacks_good_at),
            coalesce(f.bitcoin_held_since, f.bitcoin_good_at)) AS updated_at,
          (f.stacks_error IS NOT NULL OR f.bitcoin_error IS NOT NULL) AS partial
        FROM ${RANKED}
      ), worth AS (
        SELECT l.stx_address, l.is_claimed, t.token_id, t.symbol, b.raw_amount, t.decimals, t.ranked,
          ${usdMicrosSql("b.raw_amount", "t.decimals", "t.price_usd")} AS usd
        FROM listed AS l CROSS JOIN balances AS b ON b.agent_address = l.stx_address
        JOIN tokens AS t ON t.token_id = b.token_id WHERE b.raw_amount <> '0'
      ), holdings AS (
        SELECT t.*, ${reason} AS reason FROM worth AS t
      ), valued AS (
        SELECT stx_address, CAST(total(usd) FILTER (WHERE reason IS NULL) AS INTEGER) AS total_usd,
          json_group_array(json_object('id', token_id, 'symbol', symbol, 'raw', raw_amount, 'decimals', decimals,
            'usd', usd, 'counted', reason IS NULL, 'reason', reason) ORDER BY usd DESC NULLS LAST, token_id) AS tokens
        FROM holdings GROUP BY stx_address
      )
      SELECT ${version}, row_number() OVER (ORDER BY coalesce(v.total_usd, 0) DESC, l.stx_address), l.stx_address,
        l.btc_address, l.display_name, l.bns_name, l.level, l.level_name, coalesce(v.total_usd, 0),
        coalesce(v.tokens, '[]'), l.partial, l.updated_at
      FROM listed AS l LEFT JOIN valued AS v ON v.stx_address = l.stx_address`.compile(db);
}

function compilePrune(db: Db, newest: number, nowMs: number): CompiledQuery[] {
  const gone = sql`SELECT version FROM publications WHERE version <= ${newest - KEEP_NEWEST_VERSIONS}
    AND (published_at < ${nowMs - KEEP_VERSIONS_MS} OR version <= ${newest - MAX_KEPT_VERSIONS})`;
  const forgotten = sql`SELECT stx_address FROM agents WHERE removed_at < ${nowMs - KEEP_REMOVED_AGENTS_MS}`;
  return [
    sql`DELETE FROM standings WHERE version IN (${gone})`.compile(db),
    sql`DELETE FROM publications WHERE version IN (${gone})`.compile(db),
    sql`DELETE FROM agent_words WHERE until_version <= (SELECT min(version) FROM publications)`.compile(db),
    sql`DELETE FROM balances WHERE agent_address IN (${forgotten})`.compile(db),
    sql`DELETE FROM fetches WHERE agent_address IN (${forgotten})`.compile(db),
    sql`DELETE FROM agents WHERE stx_address IN (${forgotten})`.compile(db),
  ];
}
