import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../env.ts";
import { setCachePolicy } from "../http/cache-policy.ts";
import { noQuery } from "../http/parameters.ts";
import { OPENAPI_PATH } from "../paths.ts";
import { acceptRoute } from "../routes/admin/accept.ts";
import { getActionsRoute } from "../routes/admin/actions.ts";
import { pauseRoute } from "../routes/admin/pause.ts";
import { resetRoute } from "../routes/admin/reset.ts";
import { resumeRoute } from "../routes/admin/resume.ts";
import { getStatusRoute } from "../routes/admin/status.ts";
import { tickRoute } from "../routes/admin/tick.ts";
import { getAgentRoute } from "../routes/agent.ts";
import { getAgentMarkdownRoute } from "../routes/agent-markdown.ts";
import { getDashboardRoute } from "../routes/dashboard.ts";
import { getDashboardCsvRoute } from "../routes/dashboard-csv.ts";
import { getDashboardMarkdownRoute } from "../routes/dashboard-markdown.ts";
import { getHealthRoute } from "../routes/health.ts";
import { getMetricsRoute } from "../routes/metrics/route.ts";
import { SERVICE } from "../service.ts";

const routes = [
  getDashboardRoute,
  getDashboardCsvRoute,
  getDashboardMarkdownRoute,
  getAgentRoute,
  getAgentMarkdownRoute,
  getHealthRoute,
  getStatusRoute,
  tickRoute,
  pauseRoute,
  resumeRoute,
  resetRoute,
  acceptRoute,
  getActionsRoute,
  getMetricsRoute,
];

export type OpenApiDocument = ReturnType<typeof buildOpenApiDocument>;

/** The description of this API, from the same schemas that validate requests and type the handlers. */
export function buildOpenApiDocument(publicUrl = "") {
  const { openAPIRegistry: registry, getOpenAPI31Document } = new OpenAPIHono();
  for (const route of routes) registry.registerPath(route);
  registry.registerComponent("securitySchemes", "operator", {
    type: "http",
    scheme: "bearer",
    description: "The operator's token, set as the secret ADMIN_TOKEN. Reading the rankings needs none.",
  });
  return getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: SERVICE.name,
      version: SERVICE.version,
      description:
        "Portfolio rankings for on-chain agents: registered agents by the US dollar value of what they hold on Bitcoin and Stacks. Every ranking is published under a version, valued with one price vector, and frozen: one version and query, one answer. Errors are RFC 9457 problem details whose type URL explains the fix.",
      contact: { name: "The operator of this service" },
      license: { name: "MIT", url: "https://spdx.org/licenses/MIT.html" },
    },
    servers: [{ url: publicUrl.replace(/\/+$/, "") || "/" }],
    tags: [
      { name: "Rankings", description: "The published ranking and its agents. Open to everyone." },
      { name: "Operations", description: "The rebuilder that publishes the rankings. For the operator." },
      { name: "Health", description: "Whether the rankings are fresh." },
    ],
    security: [],
  });
}

export function registerOpenApi(app: OpenAPIHono<AppEnv>): void {
  for (const path of [OPENAPI_PATH, `/api${OPENAPI_PATH}`]) {
    const route = createRoute({
      hide: true,
      method: "get",
      path,
      request: { query: noQuery },
      responses: { 200: { description: "This API as OpenAPI 3.1" } },
    });
    app.openapi(route, (c) => {
      setCachePolicy(c, "static");
      return c.json(buildOpenApiDocument(c.env.PUBLIC_URL));
    });
  }
}
