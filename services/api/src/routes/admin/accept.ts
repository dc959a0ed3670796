import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../../env.ts";
import { noQuery } from "../../http/parameters.ts";
import { problem } from "../../http/problem.ts";
import { REBUILDER_PATH } from "../../paths.ts";
import { callRebuilder, readStatus } from "./call-rebuilder.ts";
import { operatorRoute, toOptions, toResponses } from "./responses.ts";
import { acceptBodySchema, statusSchema } from "./schema.ts";

export const acceptRoute = createRoute({
  ...operatorRoute,
  method: "post",
  path: `${REBUILDER_PATH}/accept` as const,
  operationId: "acceptHold",
  summary: "Release a hold",
  description: "Believes a claim that was held back as too strange, such as a roster that shrank at once, by its id.",
  request: { query: noQuery, body: { required: true, content: { "application/json": { schema: acceptBodySchema } } } },
  responses: toResponses("The status after.", statusSchema, "hold-unknown", "body-too-large", "unsupported-media-type"),
});

export function registerAccept(app: OpenAPIHono<AppEnv>): void {
  app.openapi(acceptRoute, async (c) => {
    const { id, reason } = c.req.valid("json");
    const answer = await callRebuilder(c, (api) => api.accept(id, toOptions({ reason })));
    if (!answer.ok) throw problem("hold-unknown");
    return c.json(await readStatus(c, (api) => api.status()), 200);
  });
}
