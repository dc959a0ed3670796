import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { setCachePolicy } from "../../cache-policy.ts";
import { type AppEnv, toLink } from "../../env.ts";
import { isUnchanged, toDigest } from "../../etag.ts";
import { describeDashboard } from "./describe.ts";
import { type PagePlan, planPage, readAgent, readPage } from "./read.ts";
import { getAgentRoute, getDashboardRoute } from "./routes.ts";
import { toNeighbours, toPagePath } from "./window.ts";

export function registerDashboard(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getDashboardRoute, async (c) => {
    const { docs, ...query } = c.req.valid("query");
    if (docs) {
      setCachePolicy(c, "static");
      return c.json(describeDashboard(c.env), 200);
    }
    const plan = await planPage(c.var.db, query);
    if (isPageUnchanged(c, plan, "json")) return c.body(null, 304);
    setPageLinks(c, plan, "/api/dashboard");
    return c.json(await readPage(c.env.DB, c.var.db, plan), 200);
  });

  app.openapi(getAgentRoute, async (c) => {
    const agent = await readAgent(c.var.db, c.req.valid("param").address);
    setCachePolicy(c, agent.version === 0 ? "none" : "snapshot");
    // A digest, since what is known of a pending agent changes without a version.
    if (isUnchanged(c, [agent.version, await toDigest(JSON.stringify(agent))])) return c.body(null, 304);
    return c.json(agent, 200);
  });
}

/** Sets policy and validator of a page of the ranking. The empty one before the first publication is never stored. */
export function isPageUnchanged(c: Context<AppEnv>, { publication, window }: PagePlan, ...format: string[]): boolean {
  setCachePolicy(c, publication ? "snapshot" : "none");
  if (!publication) return false;
  return isUnchanged(c, [publication.version, ...format, window.limit, window.offset]);
}

function setPageLinks(c: Context<AppEnv>, { publication, window }: PagePlan, path: string): void {
  if (!publication) return;
  const links = [...toNeighbours(window, publication.agents)].map(
    ([relation, neighbour]) =>
      `<${toLink(c.env, toPagePath(path, neighbour, publication.version))}>; rel="${relation}"`,
  );
  c.header("Link", links.join(", "));
}
