import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../env.ts";
import { callRebuilder } from "../admin/call-rebuilder.ts";
import { toMetrics } from "./families.ts";
import { formatOpenMetrics, OPEN_METRICS } from "./text-format.ts";
import { getMetricsRoute } from "./route.ts";

export function registerMetrics(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getMetricsRoute, async (c) => {
    const status = await callRebuilder(c, (api) => api.status());
    return c.body(formatOpenMetrics(toMetrics(status)), 200, { "Content-Type": OPEN_METRICS });
  });
}
