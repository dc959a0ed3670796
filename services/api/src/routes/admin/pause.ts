import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../env.ts";
import { noQuery } from "../../http/parameters.ts";
import { REBUILDER_PATH } from "../../paths.ts";
import { readStatus } from "./call-rebuilder.ts";
import { operatorRoute, toOptions, toResponses } from "./responses.ts";
import { pauseBodySchema, statusSchema } from "./schema.ts";

export const pauseRoute = createRoute({
  ...operatorRoute,
  method: "post",
  path: `${REBUILDER_PATH}/pause` as const,
  operationId: "pauseRebuilder",
  summary: "Stop starting ticks",
  description: "A running tick ends as usual. The pause ends at until, or with resume.",
  request: { query: noQuery, body: { required: false, content: { "application/json": { schema: pauseBodySchema } } } },
  responses: toResponses("The status after.", statusSchema, "body-too-large", "unsupported-media-type"),
});

export function registerPause(app: OpenAPIHono<AppEnv>): void {
  app.openapi(pauseRoute, async (c) => {
    const { until, reason } = c.req.valid("json");
    const options = { ...(until && { until: Date.parse(until) }), ...toOptions({ reason }) };
    return c.json(await readStatus(c, (api) => api.pause(options)), 200);
  });
}
