import { type Db, type FreshnessRead, findNewest, type Publication } from "@standings/db";
import { type Freshness, type FreshnessRow, freshnessFacts } from "@standings/rebuilder/contract";
import { judgeFreshness } from "@standings/rebuilder/freshness";
import { log } from "../log.ts";

/** The newest ranking, what is known of its age, and what to think of that. */
export interface Board {
  publication: Publication | undefined; // undefined = nothing has been published yet
  row: FreshnessRow | null; // null = only older releases have committed
  freshness: Freshness;
}

/** One round trip. Throws what D1 throws. */
export async function readBoard(db: Db, nowMs: number): Promise<Board> {
  const { publication, freshness } = await findNewest(db);
  const newest = publication && {
    version: publication.version,
    publishedAt: publication.published_at,
    staleAfter: publication.stale_after,
    agents: publication.agents,
  };
  const row = freshness ? toRow(freshness) : null;
  return {
    publication,
    row,
    freshness: judgeFreshness({ publication: newest ?? null, freshness: row, nowMs }),
  };
}

function toRow({ facts, ...times }: FreshnessRead): FreshnessRow {
  const parsed = freshnessFacts.safeParse(facts);
  if (parsed.success) return { ...times, facts: parsed.data };
  const [issue] = parsed.error.issues;
  log("error", "freshness.unreadable", { error: `${issue?.path.join(".")}: ${issue?.message}` });
  return { ...times, facts: null };
}
