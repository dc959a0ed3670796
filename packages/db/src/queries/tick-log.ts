import type { Db } from "../client.ts";
import type { TickCommitTable } from "../tables.ts";

export type LoggedTick = Pick<TickCommitTable, "epoch" | "committed_at" | "agents" | "failed" | "place">;

/** The newest committed ticks, newest first. */
export async function listLoggedTicks(db: Db, limit: number): Promise<LoggedTick[]> {
  return db
    .selectFrom("tick_commits")
    .select(["epoch", "committed_at", "agents", "failed", "place"])
    .orderBy("epoch", "desc")
    .limit(limit)
    .execute();
}
