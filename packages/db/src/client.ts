import { type CompiledQuery, Kysely } from "kysely";
import { D1Dialect } from "kysely-d1";
import type { Database } from "./tables.ts";

/** D1 refuses a statement with more bound parameters: lists go in as one JSON parameter through json_each. */
export const MAX_BOUND_PARAMETERS = 100;

/** A batch is one transaction under one 30 s limit; this many statements stay far below it. */
export const MAX_BATCH_STATEMENTS = 90;

/** What a batch came to: the rows of each statement in statement order, typed by it, and what D1 bills and measured. */
export interface BatchResult<Queries extends readonly unknown[]> {
  rows: { -readonly [Index in keyof Queries]: Queries[Index] extends CompiledQuery<infer Row> ? Row[] : never };
  rowsRead: number;
  rowsWritten: number;
  durationMs: number; // in the database, without the way there
}

/** One D1 database: Kysely for single statements, `batch` for several that are written or read together. */
export type Db = Kysely<Database> & {
  /**
   * Runs compiled statements as one atomic D1 batch in one round trip: all of them apply, or none. Kysely's own
   * transactions do not exist on D1. Throws what D1 throws (see classifyD1Error), and before that on a batch or a
   * statement over the limits above.
   */
  batch<const Queries extends readonly CompiledQuery<unknown>[]>(queries: Queries): Promise<BatchResult<Queries>>;
};

export function createDb(d1: D1Database): Db {
  const batch = async <const Queries extends readonly CompiledQuery<unknown>[]>(
    queries: Queries,
  ): Promise<BatchResult<Queries>> => {
    assertWithinLimits(queries);
    const statements = queries.map((query) => d1.prepare(query.sql).bind(...query.parameters));
    const results = statements.length > 0 ? await d1.batch(statements) : [];
    return {
      // D1 knows nothing of types: that a statement returns the rows it is typed with holds because Kysely wrote it.
      rows: results.map((result) => result.results) as BatchResult<Queries>["rows"],
      rowsRead: results.reduce((sum, { meta }) => sum + (meta.rows_read ?? 0), 0),
      rowsWritten: results.reduce((sum, { meta }) => sum + (meta.rows_written ?? 0), 0),
      durationMs: results.reduce((sum, { meta }) => sum + (meta.duration ?? 0), 0),
    };
  };
  return Object.assign(new Kysely<Database>({ dialect: new D1Dialect({ database: d1 }) }), { batch });
}

function assertWithinLimits(queries: readonly CompiledQuery<unknown>[]): void {
  if (queries.length > MAX_BATCH_STATEMENTS) {
    throw new Error(`a batch of ${queries.length} statements is over the limit of ${MAX_BATCH_STATEMENTS}`);
  }
  for (const { parameters } of queries) {
    if (parameters.length > MAX_BOUND_PARAMETERS) {
      throw new Error(`a statement of ${parameters.length} parameters is over D1's ${MAX_BOUND_PARAMETERS}`);
    }
  }
}
