import type { Context } from "hono";
import { type AppEnv, toLink } from "../env.ts";
import { setCachePolicy } from "../http/cache-policy.ts";
import { isUnchanged } from "../http/etag.ts";
import { countAgainst } from "../http/rate-limit.ts";
import { type PagePlan, planPage } from "./read.ts";
import type { AgentAnswer, PageQuery } from "./schema.ts";
import { toNeighbours, toPagePath } from "./window.ts";

/** The plan of a request's page. A search is counted before it costs anything. */
export async function planVisit(c: Context<AppEnv>, query: PageQuery): Promise<PagePlan> {
  if (query.q) await countAgainst(c, { binding: "SEARCHES", code: "too-many-searches" });
  return planPage(c.var.db, query);
}

/** Sets policy and validator of a page of the ranking. The empty one before the first publication is never stored. */
export function isPageUnchanged(c: Context<AppEnv>, plan: PagePlan, ...format: string[]): boolean {
  const { publication, window, words } = plan;
  setCachePolicy(c, publication ? "snapshot" : "none");
  if (!publication) return false;
  const search = words ? ["q", encodeURIComponent(words.join(" "))] : [];
  return isUnchanged(c, [publication.version, ...format, window.limit, window.offset, ...search]);
}

/** A search has no neighbours: it is one page. */
export function setPageLinks(c: Context<AppEnv>, { publication, window, words }: PagePlan, path: string): void {
  if (!publication || words) return;
  const links = [...toNeighbours(window, publication.agents)].map(
    ([relation, neighbour]) =>
      `<${toLink(c.env, toPagePath(path, neighbour, publication.version))}>; rel="${relation}"`,
  );
  c.header("Link", links.join(", "));
}

/** What is known of an agent before the first publication changes with every tick. */
export function setAgentPolicy(c: Context<AppEnv>, { version }: AgentAnswer): void {
  setCachePolicy(c, version === 0 ? "none" : "snapshot");
}
