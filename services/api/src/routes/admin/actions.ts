import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { listOperatorActions } from "@standings/db";
import type { AppEnv } from "../../env.ts";
import { integerParameter } from "../../http/parameters.ts";
import { toProblemResponses } from "../../http/problem.ts";
import { ADMIN_PATH } from "../../paths.ts";
import { operatorRoute } from "./responses.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

const querySchema = z.strictObject({
  limit: integerParameter({
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
    description: "Actions to list.",
    example: 20,
  }).optional(),
});

export const actionsSchema = z
  .object({
    actions: z
      .array(
        z.object({
          id: z.string(),
          at: z.iso.datetime(),
          action: z.string().openapi({ description: "pause, resume, reset, accept, tick, ..." }),
          subject: z.string().nullable().openapi({ description: "What it was done to. null: the rebuild as a whole." }),
          reason: z.string().nullable().openapi({ description: "The operator's words. null: none were given." }),
          outcome: z.string(),
        }),
      )
      .openapi({ description: "Newest first." }),
  })
  .openapi("OperatorActions");

export const getActionsRoute = createRoute({
  ...operatorRoute,
  method: "get",
  path: `${ADMIN_PATH}/actions` as const,
  operationId: "getOperatorActions",
  summary: "What operators did",
  description: "The audit log: every pause, resume, reset, forced tick and released hold, with its reason and outcome.",
  request: { query: querySchema },
  responses: {
    200: { description: "The actions.", content: { "application/json": { schema: actionsSchema } } },
    ...toProblemResponses(
      "invalid-request",
      "unauthorized",
      "too-many-attempts",
      "internal",
      "database-unavailable",
      "admin-not-configured",
    ),
  },
});

export function registerActions(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getActionsRoute, async (c) => {
    const actions = await listOperatorActions(c.var.db, c.req.valid("query").limit ?? DEFAULT_LIMIT);
    return c.json(
      { actions: actions.map(({ at, ...action }) => ({ ...action, at: new Date(at).toISOString() })) },
      200,
    );
  });
}
