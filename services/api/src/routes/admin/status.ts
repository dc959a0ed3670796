import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../env.ts";
import { noQuery } from "../../http/parameters.ts";
import { REBUILDER_PATH } from "../../paths.ts";
import { readStatus } from "./call-rebuilder.ts";
import { operatorRoute, toResponses } from "./responses.ts";
import { statusSchema } from "./schema.ts";

export const getStatusRoute = createRoute({
  ...operatorRoute,
  method: "get",
  path: REBUILDER_PATH,
  operationId: "getRebuilderStatus",
  summary: "Status of the rebuilder",
  description:
    "How fresh the data is and why, where both lanes stand, when the alarm is due, how the last ticks and the upstreams did, and which claims are held back.",
  request: { query: noQuery },
  responses: toResponses("The status.", statusSchema),
});

export function registerStatus(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getStatusRoute, async (c) => c.json(await readStatus(c, (api) => api.status()), 200));
}
