import { OpenAPIHono } from "@hono/zod-openapi";
import { SERVICE } from "../service.ts";
import { acceptRoute, getStatusRoute, pauseRoute, resetRoute, resumeRoute, tickRoute } from "../routes/admin/pause.ts";
import {
  getAgentMarkdownRoute,
  getAgentRoute,
  getDashboardCsvRoute,
  getDashboardMarkdownRoute,
  getDashboardRoute,
} from "../routes/agent.ts";
import { getHealthRoute } from "../routes/health/routes.ts";
import { getMetricsRoute } from "../routes/metrics/route.ts";

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
