import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../env.ts";
import { toProblemResponses } from "../http/problem.ts";
import { DASHBOARD_CSV_PATH } from "../paths.ts";
import { answerCsv, csv, csvHeaders, unchanged } from "../ranking/answers.ts";
import { rankingQuerySchema } from "../ranking/schema.ts";

export const getDashboardCsvRoute = createRoute({
  method: "get",
  path: DASHBOARD_CSV_PATH,
  operationId: "getDashboardCsv",
  tags: ["Rankings"],
  summary: "The whole ranking as CSV",
  description:
    "All agents of one version, a row each, in rank order: RFC 4180, UTF-8, with a header row. Text that a spreadsheet would take for a formula begins with an apostrophe. If the version is pruned on the way, the connection is cut.",
  request: { query: rankingQuerySchema },
  responses: {
    200: { description: "The ranking.", headers: csvHeaders, content: csv },
    ...unchanged,
    ...toProblemResponses("invalid-request", "version-unknown", "version-gone", "internal", "database-unavailable"),
  },
});

export function registerDashboardCsv(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getDashboardCsvRoute, (c) => answerCsv(c, c.req.valid("query").version));
}
