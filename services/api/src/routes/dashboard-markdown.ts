import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../env.ts";
import { DASHBOARD_MARKDOWN_PATH } from "../paths.ts";
import { answerMarkdown, markdown, pageHeaders, pageProblems, unchanged } from "../ranking/answers.ts";
import { pageQuerySchema } from "../ranking/schema.ts";
import { planVisit } from "../ranking/visit.ts";

export const getDashboardMarkdownRoute = createRoute({
  method: "get",
  path: DASHBOARD_MARKDOWN_PATH,
  operationId: "getDashboardMarkdown",
  tags: ["Rankings"],
  summary: "A page of the ranking as Markdown",
  description: "The same page as /api/dashboard with the same query, as a compact table for agents that read text.",
  request: { query: pageQuerySchema },
  responses: {
    200: { description: "The page.", headers: pageHeaders, content: markdown },
    ...unchanged,
    ...pageProblems,
  },
});

export function registerDashboardMarkdown(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getDashboardMarkdownRoute, async (c) =>
    answerMarkdown(c, await planVisit(c, c.req.valid("query")), DASHBOARD_MARKDOWN_PATH),
  );
}
