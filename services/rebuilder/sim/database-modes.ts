import type { NewPublication, TickWrites } from "@standings/db";

/** How D1 answers. "late": applied long after its caller gave up, whatever became of the caller. */
export const DATABASE_MODES = [
  "ok",
  "fails-before",
  "fails-after",
  "hangs",
  "late",
  "slow",
  "flaky",
  "overloaded",
  "not-migrated",
] as const;
export type DatabaseMode = (typeof DATABASE_MODES)[number];

/** Which calls the mode is about. */
export const DATABASE_SCOPES = ["all", "reads", "writes", "publications"] as const;
export type DatabaseScope = (typeof DATABASE_SCOPES)[number];

export type CallKind = "reads" | "writes" | "publications";

/** Longer than a call may take: its caller has given up, and a look at whose the epoch is comes too early. */
export const LATE_MS = 11_000;

/** Just within what a call may take. */
export const SLOW_MS = 6_000;

export const LOST = "D1_ERROR: Network connection lost.";
export const OVERLOADED = "D1_ERROR: D1 DB is overloaded. Requests queued for too long.";
export const NOT_MIGRATED = "D1_ERROR: no such column: place: SQLITE_ERROR";

/** What the database does not take, until somebody mends it. */
export interface Refusals {
  agents: Set<string>; // whose changed balances violate a CHECK
  roster: boolean;
  publication: "data" | "sql" | null;
}

export function newRefusals(): Refusals {
  return { agents: new Set(), roster: false, publication: null };
}

/** What a batch is refused with; undefined = it is taken. */
export function toRefusal(
  refusals: Refusals,
  writes: TickWrites | undefined,
  publication: NewPublication | undefined,
): Error | undefined {
  if (writes?.roster && refusals.roster) {
    return new Error("D1_ERROR: NOT NULL constraint failed: agents.level_name: SQLITE_CONSTRAINT");
  }
  if (writes?.upserts.some(({ agent }) => refusals.agents.has(agent))) {
    return new Error("D1_ERROR: CHECK constraint failed: raw_amount: SQLITE_CONSTRAINT");
  }
  if (publication && refusals.publication === "data") {
    return new Error("D1_ERROR: CHECK constraint failed: total_usd: SQLITE_CONSTRAINT");
  }
  if (publication && refusals.publication === "sql") return new Error("D1_ERROR: integer overflow: SQLITE_ERROR");
  return undefined;
}
