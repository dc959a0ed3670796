import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../env.ts";
import { noQuery } from "../../http/parameters.ts";
import { REBUILDER_PATH } from "../../paths.ts";
import { readStatus } from "./call-rebuilder.ts";
import { operatorRoute, reasonBody, toOptions, toResponses } from "./responses.ts";
import { statusSchema } from "./schema.ts";

export const resumeRoute = createRoute({
  ...operatorRoute,
  method: "post",
  path: `${REBUILDER_PATH}/resume` as const,
  operationId: "resumeRebuilder",
  summary: "End a pause",
  description: "Arms the next tick at once. Without a pause it changes nothing else.",
  request: { query: noQuery, body: reasonBody },
  responses: toResponses("The status after.", statusSchema, "body-too-large", "unsupported-media-type"),
});

export function registerResume(app: OpenAPIHono<AppEnv>): void {
  app.openapi(resumeRoute, async (c) => {
    const options = toOptions(c.req.valid("json"));
    return c.json(await readStatus(c, (api) => api.resume(options)), 200);
  });
}
