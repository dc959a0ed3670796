import {
  type Db,
  findListedAgent,
  findMatches,
  findNewestPublication,
  findPublication,
  findStanding,
  findStandingsPage,
  getPendingAgent,
  type Publication,
} from "@standings/db";
import type { AgentAddress } from "../http/parameters.ts";
import { problem } from "../http/problem.ts";
import { type AgentAnswer, type Dashboard, DEFAULT_LIMIT, type PageQuery } from "./schema.ts";
import { MAX_SEARCH_LIMIT } from "./search.ts";
import { toDashboard, toPendingAnswer, toRankedAnswer, toSearchResult } from "./shape.ts";
import { type PageWindow, toWindowAround } from "./window.ts";

/** What a query comes to before any page is read: enough to compare validators. */
export interface PagePlan {
  publication: Publication | undefined; // undefined = nothing has been published yet
  window: PageWindow;
  words?: readonly string[]; // a search: only agents with all of them
}

export async function planPage(db: Db, query: PageQuery): Promise<PagePlan> {
  const publication = await findRanking(db, query.version);
  if (query.q) return { publication, window: { limit: query.limit ?? MAX_SEARCH_LIMIT, offset: 0 }, words: query.q };
  const limit = query.limit ?? DEFAULT_LIMIT;
  if (!query.around) return { publication, window: { limit, offset: query.offset ?? 0 } };
  const rank = await getRank(db, publication, query.around);
  return { publication, window: toWindowAround(rank, limit, publication?.agents ?? 0) };
}

export async function readPage(db: Db, plan: PagePlan): Promise<Dashboard> {
  const { publication, window, words } = plan;
  if (!publication) return toDashboard(undefined, [], window);
  if (words) {
    const matches = await findMatches(db, publication.version, words, window.limit);
    if (!matches) throw problem("version-gone");
    return toSearchResult(publication, matches, window);
  }
  const rows = await findStandingsPage(db, publication.version, window);
  if (!rows) throw problem("version-gone");
  return toDashboard(publication, rows, window);
}

/** The pinned ranking, or the newest. */
export async function findRanking(db: Db, version: number | undefined): Promise<Publication | undefined> {
  if (version === undefined) return findNewestPublication(db);
  const pinned = await findPublication(db, version);
  if (pinned) return pinned;
  const newest = await findNewestPublication(db);
  if (version > (newest?.version ?? 0)) throw problem("version-unknown");
  if (newest)
    throw problem("version-gone", { detail: `Start again at the newest ranking, version ${newest.version}.` });
  return undefined; // version 0: the empty answer before the first publication names itself so
}

async function getRank(
  db: Db,
  publication: Publication | undefined,
  { chain, address }: AgentAddress,
): Promise<number> {
  const listed = chain === "bitcoin" ? await findListedAgent(db, address) : undefined;
  const stxAddress = chain === "stacks" ? address : listed?.stx_address;
  const standing = publication && stxAddress && (await findStanding(db, publication.version, stxAddress));
  if (standing) return standing.rank;
  throw problem((listed ?? (await findListedAgent(db, address))) ? "agent-not-ranked" : "agent-not-found");
}

export async function readAgent(db: Db, { address }: AgentAddress): Promise<AgentAnswer> {
  const publication = await findNewestPublication(db);
  const listed = await findListedAgent(db, address);
  const standing = publication && (await findStanding(db, publication.version, listed?.stx_address ?? address));
  if (standing) return toRankedAnswer(standing, publication);
  if (!listed) throw problem("agent-not-found");
  return toPendingAnswer(listed, await getPendingAgent(db, listed.stx_address), publication);
}
