import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import type { OperatorAction } from "../tables.ts";

/** Years of daily actions, and a bound for whatever calls them in a loop. */
export const KEPT_OPERATOR_ACTIONS = 10_000;

/** Records what an operator did; the same id again changes nothing. */
export function compileOperatorAction(db: Db, action: OperatorAction): CompiledQuery[] {
  return [
    db
      .insertInto("operator_actions")
      .values(action)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .compile(),
    sql`
      DELETE FROM operator_actions WHERE id IN (
        SELECT id FROM operator_actions ORDER BY at DESC, id DESC LIMIT -1 OFFSET ${KEPT_OPERATOR_ACTIONS})`.compile(
      db,
    ),
  ];
}

/** The newest actions, newest first. */
export async function listOperatorActions(db: Db, limit: number): Promise<OperatorAction[]> {
  return db
    .selectFrom("operator_actions")
    .selectAll()
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}
