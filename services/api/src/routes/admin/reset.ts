import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../env.ts";
import { noQuery } from "../../http/parameters.ts";
import { REBUILDER_PATH } from "../../paths.ts";
import { readStatus } from "./call-rebuilder.ts";
import { operatorRoute, reasonBody, toOptions, toResponses } from "./responses.ts";
import { statusSchema } from "./schema.ts";

export const resetRoute = createRoute({
  ...operatorRoute,
  method: "post",
  path: `${REBUILDER_PATH}/reset` as const,
  operationId: "resetRotation",
  summary: "Start a new rotation",
  description: "The next tick begins at the first agent, on both lanes. Nothing stored is deleted.",
  request: { query: noQuery, body: reasonBody },
  responses: toResponses("The status after.", statusSchema, "body-too-large", "unsupported-media-type"),
});

export function registerReset(app: OpenAPIHono<AppEnv>): void {
  app.openapi(resetRoute, async (c) => {
    const options = toOptions(c.req.valid("json"));
    return c.json(await readStatus(c, (api) => api.reset(options)), 200);
  });
}
