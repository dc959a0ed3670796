import type { Clock } from "@standings/balances";
import {
  type AcceptedPrice,
  type Db,
  type FreshnessRead,
  findNewest,
  getLastGoodPrices,
  getRowCounts,
  type Publication,
  type RowCounts,
} from "@standings/db";
import { withDeadline } from "../tick/deadline.ts";
import { STORE_CALL_TIMEOUT_MS } from "../tick/store.ts";

export interface NewestRead {
  publication: Publication | undefined;
  freshness: FreshnessRead | undefined;
}

export interface DatabaseStatus extends NewestRead {
  rowCounts: RowCounts;
  prices: AcceptedPrice[];
}

/** The newest ranking and what is known of its age; null when the database does not answer. */
export async function readNewest(db: Db, clock: Clock): Promise<NewestRead | null> {
  return readOrNull(clock, "freshness", findNewest(db));
}

/** What the database adds to the status; null when it does not answer, which is when status is needed most. */
export async function readDatabaseStatus(db: Db, clock: Clock): Promise<DatabaseStatus | null> {
  const reads = Promise.all([findNewest(db), getRowCounts(db), getLastGoodPrices(db)]);
  const read = await readOrNull(clock, "status", reads);
  return read && { ...read[0], rowCounts: read[1], prices: read[2] };
}

async function readOrNull<T>(clock: Clock, what: string, read: Promise<T>): Promise<T | null> {
  try {
    return await withDeadline(clock, `the database (${what})`, STORE_CALL_TIMEOUT_MS, read);
  } catch {
    return null; // said as such; the ticks in the same status say what the database answers
  }
}
