import { createRoute, z } from "@hono/zod-openapi";
import { noQuery } from "../../http/parameters.ts";
import { toProblemResponses } from "../../http/problem.ts";
import { OPEN_METRICS } from "./text-format.ts";

const example = [
  "# TYPE standings_ticks counter",
  "# HELP standings_ticks Ticks by outcome.",
  'standings_ticks_total{outcome="committed"} 812',
  "# EOF",
  "",
].join("\n");

export const getMetricsRoute = createRoute({
  method: "get",
  path: "/api/metrics",
  operationId: "getMetrics",
  tags: ["Operations"],
  security: [{ operator: [] as string[] }],
  summary: "The rebuilder in numbers",
  description:
    "OpenMetrics text: ticks, fetches by host and result, age of the last commit, coverage, breakers, quarantines, prices, and what is left of the budgets.",
  request: { query: noQuery },
  responses: {
    200: { description: "The metrics.", content: { [OPEN_METRICS]: { schema: z.string(), example } } },
    ...toProblemResponses(
      "invalid-request",
      "unauthorized",
      "too-many-attempts",
      "internal",
      "rebuilder-unavailable",
      "admin-not-configured",
    ),
  },
});
