import { type RawBuilder, sql } from "kysely";
import type { Db } from "../client.ts";
import type { StandingRow } from "../tables.ts";
import { type Standing, toStanding } from "./standings.ts";

/** A search looks at this many matching words at most, however large the ranking is. */
export const MAX_WORDS_LOOKED_AT = 500;

export interface Matches {
  rows: Standing[]; // in rank order
  total: number; // agents that match, of those looked at
  isCutOff: boolean; // more words begin like this than were looked at
}

/**
 * The agents of a ranking who have, for each of these words, one that begins with it; undefined when that version is
 * gone. Reads the words in question and the rows that are shown, never the ranking: the rarest word is looked up, the
 * others are checked agent by agent. One batch checks the version and reads the rows, as for a page.
 */
export async function findMatches(
  db: Db,
  version: number,
  words: readonly string[],
  limit: number,
): Promise<Matches | undefined> {
  const [rarest = "", ...others] = await orderByRarity(db, version, words);
  const lookedAt = await sql<{ rank: number | null }>`
    SELECT s.rank FROM (
      SELECT w.stx_address FROM agent_words AS w WHERE ${beginsWith(rarest, version)}
      ORDER BY w.word, w.stx_address LIMIT ${MAX_WORDS_LOOKED_AT}) AS l
    LEFT JOIN standings AS s ON s.stx_address = l.stx_address AND s.version = ${version}
      AND ${sql.join([sql`true`, ...others.map((word) => hasWord(word, version))], sql` AND `)}`.execute(db);
  const ranks = new Set(lookedAt.rows.flatMap(({ rank }) => (rank === null ? [] : [rank])));
  const shown = [...ranks].sort((a, b) => a - b).slice(0, limit);
  const { rows } = await db.batch([
    db.selectFrom("publications").select("version").where("version", "=", version).compile(),
    sql<StandingRow>`SELECT s.* FROM json_each(${JSON.stringify(shown)}) AS j
      CROSS JOIN standings AS s ON s.version = ${version} AND s.rank = j.value`.compile(db),
  ]);
  const [publications, standings] = rows;
  if (publications.length === 0) return undefined;
  return {
    rows: standings.map(toStanding).sort((a, b) => a.rank - b.rank),
    total: ranks.size,
    isCutOff: lookedAt.rows.length === MAX_WORDS_LOOKED_AT,
  };
}

async function orderByRarity(db: Db, version: number, words: readonly string[]): Promise<string[]> {
  if (words.length <= 1) return [...words];
  const { rows } = await db.batch(
    words.map((word) =>
      sql<{
        size: number;
      }>`SELECT count(*) AS size FROM (SELECT 1 FROM agent_words AS w WHERE ${beginsWith(word, version)}
        LIMIT ${MAX_WORDS_LOOKED_AT})`.compile(db),
    ),
  );
  return words
    .map((word, index) => ({ word, size: rows[index]?.[0]?.size ?? 0 }))
    .sort((a, b) => a.size - b.size)
    .map(({ word }) => word);
}

// No word holds the last code point, so it ends the range of all words with a prefix.
const AFTER_ALL = "\u{10ffff}";

function beginsWith(prefix: string, version: number): RawBuilder<boolean> {
  return sql`w.word >= ${prefix} AND w.word < ${prefix + AFTER_ALL}
    AND w.from_version <= ${version} AND (w.until_version IS NULL OR w.until_version > ${version})`;
}

function hasWord(prefix: string, version: number): RawBuilder<boolean> {
  return sql`EXISTS (SELECT 1 FROM agent_words AS w WHERE w.stx_address = l.stx_address AND ${beginsWith(prefix, version)})`;
}
