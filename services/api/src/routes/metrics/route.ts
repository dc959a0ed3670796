import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { rpcSchemas } from "@standings/rebuilder/contract";
import type { AppEnv } from "../../env.ts";
import { negotiate } from "../../http/negotiate.ts";
import { noQuery } from "../../http/parameters.ts";
import { toProblemResponses } from "../../http/problem.ts";
import { METRICS_PATH } from "../../paths.ts";
import { callRebuilder, parseAnswer } from "../admin/call-rebuilder.ts";
import { operatorRoute } from "../admin/responses.ts";
import { toMetrics } from "./families.ts";
import {
  CLASSIC,
  CLASSIC_TYPE,
  formatClassic,
  formatOpenMetrics,
  type Metric,
  OPEN_METRICS,
  OPEN_METRICS_TYPE,
} from "./text-format.ts";

const examples: readonly Metric[] = [
  {
    name: "standings_ticks",
    type: "counter",
    help: "Ticks by outcome.",
    samples: [{ labels: { outcome: "committed" }, value: 812 }],
  },
  {
    name: "standings_freshness_status",
    type: "gauge",
    help: "1 for the status that the data has now.",
    samples: [{ labels: { status: "ok" }, value: 1 }],
  },
];

export const getMetricsRoute = createRoute({
  ...operatorRoute,
  method: "get",
  path: METRICS_PATH,
  operationId: "getMetrics",
  summary: "The rebuilder in numbers",
  description:
    "How fresh the data is and why, lanes, holds, ticks, fetches by host and result, coverage, gates, prices, and what is left of the budgets. OpenMetrics text, or the classic Prometheus text for Accept: text/plain.",
  request: { query: noQuery },
  responses: {
    200: {
      description: "The metrics.",
      content: {
        [OPEN_METRICS]: { schema: z.string(), example: formatOpenMetrics(examples) },
        [CLASSIC]: { schema: z.string(), example: formatClassic(examples) },
      },
    },
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

export function registerMetrics(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getMetricsRoute, async (c) => {
    const status = parseAnswer(c, rpcSchemas.status, await callRebuilder(c, (api) => api.status()));
    const metrics = toMetrics(status);
    const isClassic = negotiate(c, [OPEN_METRICS_TYPE, CLASSIC_TYPE], "named") === CLASSIC_TYPE;
    return isClassic
      ? c.body(formatClassic(metrics), 200, { "Content-Type": CLASSIC })
      : c.body(formatOpenMetrics(metrics), 200, { "Content-Type": OPEN_METRICS });
  });
}
