import { type CompiledQuery, Kysely } from "kysely";
import { D1Dialect } from "kysely-d1";
import type { Database } from "./database.ts";

/** D1 refuses a statement with more bound parameters: lists go in as one JSON parameter through json_each. */
export const MAX_BOUND_PARAMETERS = 100;

/** A batch is one transaction under one 30 s limit; this many statements stay far below it. */
export const MAX_BATCH_STATEMENTS = 90;

export function createDb(d1: D1Database): Kysely<Database> {
  return new Kysely<Database>({ dialect: new D1Dialect({ database: d1 }) });
}

/**
 * Runs compiled statements as one atomic D1 batch: all of them apply, or none. Results come in statement order.
 * kysely-d1 has no transactions, so this is the only way several statements are written together.
 */
export async function executeBatch(d1: D1Database, queries: readonly CompiledQuery[]): Promise<D1Result[]> {
  if (queries.length === 0) return [];
  if (queries.length > MAX_BATCH_STATEMENTS) {
    throw new Error(`a batch of ${queries.length} statements is over the limit of ${MAX_BATCH_STATEMENTS}`);
  }
  return d1.batch(
    queries.map((query) => {
      if (query.parameters.length > MAX_BOUND_PARAMETERS) {
        throw new Error(`a statement of ${query.parameters.length} parameters is over D1's ${MAX_BOUND_PARAMETERS}`);
      }
      return d1.prepare(query.sql).bind(...query.parameters);
    }),
  );
}
