import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import { toJsonParameters } from "../json-parameter.ts";
import type { NewTickCommit } from "../tables.ts";
import { compileAnswers, type LaneAnswer } from "./answers.ts";
import { type BalanceDelete, type BalanceUpsert, compileBalanceDeletes, compileBalanceUpserts } from "./balances.ts";
import { compileFreshness, type FreshnessWrite } from "./freshness.ts";
import { compileReleases, type Release } from "./releases.ts";
import { compileRosterChange, type RosterChange } from "./roster.ts";

export interface AcceptedPrice {
  tokenId: string;
  priceUsd: number; // USD per whole token
  pricedAt: number; // when that was true, Unix milliseconds
  source: string;
}

/** All that one commit writes, but for a publication. Times are Unix milliseconds, amounts base units as digits. */
export interface TickWrites {
  commit: NewTickCommit;
  roster: RosterChange | null; // null = it did not change, or was not read
  prices: readonly AcceptedPrice[]; // one a token at most; a quote older than the stored one changes nothing
  newTokens: readonly { tokenId: string; symbol: string }[]; // known ones may be among them and stay as they are
  upserts: readonly BalanceUpsert[];
  deletes: readonly BalanceDelete[];
  answers: readonly LaneAnswer[];
  releases: readonly Release[];
  freshness: FreshnessWrite | null;
  prune: boolean; // drop tokens that nobody holds: reads all balances, so once a rotation
}

/** Ticks kept as a log: about two days at one every two minutes, enough to look back over a weekend's night. */
export const KEPT_TICK_COMMITS = 1_500;

/**
 * The statements of one tick's commit, for the beginning of its batch. The fence comes first, so that a competing or
 * repeated tick writes nothing; then the roster, so that everything about an agent is joined with the roster as it is
 * from now on: what was asked of an address that is no longer listed is dropped. Releases come before the answers,
 * which know more. A row that would not change is not written.
 */
export function compileTickWrites(db: Db, writes: TickWrites): CompiledQuery[] {
  const { commit, roster, prices, newTokens, upserts, deletes, answers, releases, freshness, prune } = writes;
  return [
    db.insertInto("tick_commits").values(commit).compile(),
    ...(roster ? compileRosterChange(db, roster) : []),
    ...compileEach(prices, (json) => compilePrices(db, json)),
    ...compileEach(newTokens, (json) => compileNewTokens(db, json)),
    ...compileReleases(db, releases),
    ...compileBalanceUpserts(db, upserts),
    ...compileBalanceDeletes(db, deletes),
    ...compileAnswers(db, answers),
    ...(freshness ? [compileFreshness(db, freshness)] : []),
    ...(prune ? [compilePruneTokens(db)] : []),
    sql`DELETE FROM tick_commits WHERE epoch <= ${commit.epoch - KEPT_TICK_COMMITS}`.compile(db),
  ];
}

function compileEach<T>(rows: readonly T[], compile: (json: string) => CompiledQuery): CompiledQuery[] {
  return rows.length > 0 ? toJsonParameters(rows).map(compile) : [];
}

function compilePrices(db: Db, json: string): CompiledQuery {
  return sql`
    UPDATE tokens SET price_usd = q.price_usd, priced_at = q.priced_at, price_source = q.source
    FROM (SELECT value ->> 'tokenId' AS token_id, value ->> 'priceUsd' AS price_usd, value ->> 'pricedAt' AS priced_at,
      value ->> 'source' AS source FROM json_each(${json})) AS q
    WHERE tokens.token_id = q.token_id AND (tokens.priced_at IS NULL OR q.priced_at > tokens.priced_at
      OR (q.priced_at = tokens.priced_at
        AND (tokens.price_usd, tokens.price_source) IS NOT (q.price_usd, q.source)))`.compile(db);
}

function compileNewTokens(db: Db, json: string): CompiledQuery {
  return sql`
    INSERT INTO tokens (token_id, symbol)
    SELECT value ->> 'tokenId', value ->> 'symbol' FROM json_each(${json}) WHERE true
    ON CONFLICT (token_id) DO NOTHING`.compile(db);
}

function compilePruneTokens(db: Db): CompiledQuery {
  return sql`
    DELETE FROM tokens WHERE token_id IN (
      SELECT token_id FROM tokens WHERE ranked = 0 EXCEPT SELECT token_id FROM balances)`.compile(db);
}
