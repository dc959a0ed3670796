import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { getLastGoodPrices, listLoggedTicks } from "@standings/db";
import { type AppEnv, toServiceUrl } from "../env.ts";
import { setCachePolicy } from "../http/cache-policy.ts";
import { isUnchanged, toDigest } from "../http/etag.ts";
import { noQuery } from "../http/parameters.ts";
import { problem } from "../http/problem.ts";
import { isProblemCode } from "../http/problem-codes.ts";
import { STATUS_PATH } from "../paths.ts";
import { readBoard } from "../ranking/board.ts";
import { readAgent, readPage } from "../ranking/read.ts";
import { addressParamsSchema, pageQuerySchema } from "../ranking/schema.ts";
import { isPageUnchanged, planVisit, setAgentPolicy } from "../ranking/visit.ts";
import { renderAgentPage } from "./agent-page.tsx";
import { renderDashboardPage } from "./dashboard-page.tsx";
import { renderProblemKindPage } from "./problem-page.tsx";
import { renderStatusPage } from "./status-page.tsx";
import { ICON, ICON_PATH, STYLE, STYLE_PATH, STYLE_REVISION } from "./style.ts";

// Pages are validated like the API, and are no part of its OpenAPI document.
const page = { hide: true, method: "get", responses: { 200: { description: "A page for people" } } } as const;
const dashboardPage = createRoute({ ...page, path: "/dashboard", request: { query: pageQuerySchema } });
const agentPage = createRoute({
  ...page,
  path: "/dashboard/{address}",
  request: { params: addressParamsSchema, query: noQuery },
});
const statusPage = createRoute({ ...page, path: STATUS_PATH, request: { query: noQuery } });
const problemPage = createRoute({
  ...page,
  path: "/problems/{code}",
  request: { params: z.object({ code: z.string() }), query: noQuery },
});

const TICKS_SHOWN = 10;

export function registerPages(app: OpenAPIHono<AppEnv>): void {
  app.openapi(dashboardPage, async (c) => {
    const plan = await planVisit(c, c.req.valid("query"));
    const search = plan.words && c.req.query("q");
    if (isPageUnchanged(c, plan, "html", STYLE_REVISION, encodeURIComponent(search ?? ""))) return c.body(null, 304);
    return c.html(renderDashboardPage(await readPage(c.var.db, plan), search));
  });

  app.openapi(agentPage, async (c) => {
    const agent = await readAgent(c.var.db, c.req.valid("param").address);
    setAgentPolicy(c, agent);
    const html = renderAgentPage(agent);
    if (isUnchanged(c, [agent.version, "html", await toDigest(html)])) return c.body(null, 304);
    return c.html(html);
  });

  app.openapi(statusPage, async (c) => {
    const now = Date.now();
    const { db } = c.var;
    const [board, prices, ticks] = await Promise.all([
      readBoard(db, now),
      getLastGoodPrices(db),
      listLoggedTicks(db, TICKS_SHOWN),
    ]);
    // The commands that a reason names have the address of this service in them: the request's, where none is configured.
    const isSameForAll = c.env.PUBLIC_URL !== "" || board.freshness.reasons.length === 0;
    setCachePolicy(c, isSameForAll ? "brief" : "none");
    return c.html(renderStatusPage({ now, url: toServiceUrl(c), board, prices, ticks }));
  });

  app.openapi(problemPage, (c) => {
    const { code } = c.req.valid("param");
    if (!isProblemCode(code)) throw problem("not-found");
    setCachePolicy(c, "static");
    return c.html(renderProblemKindPage(code));
  });

  const fixed = [
    { path: STYLE_PATH, type: "text/css; charset=UTF-8", body: STYLE },
    { path: ICON_PATH, type: "image/svg+xml", body: ICON },
  ];
  for (const { path, type, body } of fixed) {
    app.openapi(createRoute({ ...page, path, request: { query: noQuery } }), (c) => {
      setCachePolicy(c, "static");
      return c.body(body, 200, { "Content-Type": type });
    });
  }
}
