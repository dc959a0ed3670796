import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import type { FreshnessTableRow, Lane } from "../tables.ts";
import { ADDRESS_CHANGED, FALL_HELD } from "./lane-errors.ts";
import { compileFindNewestPublication, type Publication, toPublication } from "./publications.ts";

/** What is counted over the ranked agents of one lane. Times are Unix milliseconds; null = nobody was ranked. */
export interface LaneAges {
  tenthAt: number | null; // a tenth of the agents were last good before this time
  halfAt: number | null; // half of them
  failed: number; // agents that failed at the lane's last attempt
}

export interface FreshnessRead {
  writtenAt: number;
  facts: unknown; // what the writer stored: to be parsed by its schema
  ranked: number;
  countedAt: number | null; // null = never counted
  ages: Record<Lane, LaneAges>;
}

export interface FreshnessWrite {
  facts: string; // JSON text
  at: number; // Unix milliseconds
  count: boolean; // count the ages anew: reads agents and fetches; else the last count stays
}

/** What is known of the age of the data. Undefined until a release that writes it has committed. */
export async function findFreshness(db: Db): Promise<FreshnessRead | undefined> {
  const { rows } = await db.executeQuery(compileFindFreshness(db));
  return rows[0] && toFreshness(rows[0]);
}

function compileFindFreshness(db: Db): CompiledQuery<FreshnessTableRow> {
  return db.selectFrom("freshness").selectAll().where("id", "=", 1).compile();
}

/** The newest ranking and what is known of its age, in one round trip: what health and every page begin with. */
export async function findNewest(
  db: Db,
): Promise<{ publication: Publication | undefined; freshness: FreshnessRead | undefined }> {
  const { rows } = await db.batch([compileFindNewestPublication(db), compileFindFreshness(db)]);
  const [[publication], [freshness]] = rows;
  return { publication: publication && toPublication(publication), freshness: freshness && toFreshness(freshness) };
}

/** Writes the one row, for a tick's batch or alone. */
export function compileFreshness(db: Db, { facts, at, count }: FreshnessWrite): CompiledQuery {
  if (!count) {
    return sql`
      INSERT INTO freshness (id, written_at, facts) VALUES (1, ${at}, ${facts})
      ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at, facts = excluded.facts`.compile(db);
  }
  return sql`
    INSERT INTO freshness (id, written_at, facts, ranked, counted_at,
      stacks_tenth_at, stacks_half_at, stacks_failed, bitcoin_tenth_at, bitcoin_half_at, bitcoin_failed)
    SELECT 1, ${at}, ${facts}, count(*), ${at}, ${agesOf("stacks")}, ${agesOf("bitcoin")}
    FROM (SELECT f.*, count(*) OVER () AS size, row_number() OVER (ORDER BY f.stacks_good_at) AS stacks_place,
        row_number() OVER (ORDER BY f.bitcoin_good_at) AS bitcoin_place
      FROM agents AS a CROSS JOIN fetches AS f ON f.agent_address = a.stx_address
      WHERE a.removed_at IS NULL AND f.stacks_good_at IS NOT NULL AND f.bitcoin_good_at IS NOT NULL)
    WHERE true
    ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at, facts = excluded.facts, ranked = excluded.ranked,
      counted_at = excluded.counted_at, stacks_tenth_at = excluded.stacks_tenth_at,
      stacks_half_at = excluded.stacks_half_at, stacks_failed = excluded.stacks_failed,
      bitcoin_tenth_at = excluded.bitcoin_tenth_at, bitcoin_half_at = excluded.bitcoin_half_at,
      bitcoin_failed = excluded.bitcoin_failed`.compile(db);
}

function agesOf(lane: Lane) {
  const [goodAt, place, error] = [sql.ref(`${lane}_good_at`), sql.ref(`${lane}_place`), sql.ref(`${lane}_error`)];
  return sql`max(${goodAt}) FILTER (WHERE ${place} = size / 10 + 1), max(${goodAt}) FILTER (WHERE ${place} = size / 2 + 1),
    count(*) FILTER (WHERE ${error} IS NOT NULL AND ${error} NOT IN (${ADDRESS_CHANGED}, ${FALL_HELD}))`;
}

function toFreshness(row: FreshnessTableRow): FreshnessRead {
  return {
    writtenAt: row.written_at,
    facts: JSON.parse(row.facts),
    ranked: row.ranked,
    countedAt: row.counted_at,
    ages: {
      stacks: { tenthAt: row.stacks_tenth_at, halfAt: row.stacks_half_at, failed: row.stacks_failed },
      bitcoin: { tenthAt: row.bitcoin_tenth_at, halfAt: row.bitcoin_half_at, failed: row.bitcoin_failed },
    },
  };
}
