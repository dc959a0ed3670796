import { createRoute, type z } from "@hono/zod-openapi";
import { noQuery } from "../../http/parameters.ts";
import { toProblemResponses } from "../../http/problem.ts";
import type { ProblemCode } from "../../http/problem-codes.ts";
import { acceptBodySchema, pauseBodySchema, statusSchema, tickAnswerSchema } from "./schema.ts";

const BASE = "/api/admin/rebuilder";

const common = { tags: ["Operations"], security: [{ operator: [] as string[] }] };

function toResponses<Schema extends z.ZodType>(description: string, schema: Schema, ...codes: ProblemCode[]) {
  return {
    200: { description, content: { "application/json": { schema } } },
    ...toProblemResponses(
      "invalid-request",
      "unauthorized",
      "too-many-attempts",
      ...codes,
      "internal",
      "rebuilder-unavailable",
      "admin-not-configured",
    ),
  };
}

export const getStatusRoute = createRoute({
  ...common,
  method: "get",
  path: BASE,
  operationId: "getRebuilderStatus",
  summary: "Status of the rebuilder",
  description:
    "Where the rotation stands, when the alarm is due, how the last ticks and the upstreams did, and what is held for a decision.",
  request: { query: noQuery },
  responses: toResponses("The status.", statusSchema),
});

export const tickRoute = createRoute({
  ...common,
  method: "post",
  path: `${BASE}/tick`,
  operationId: "runTick",
  summary: "Run one tick now",
  description:
    "Fetches one chunk of agents, commits and publishes, and answers with the report. Joins the tick that is running, if one is. May take up to about two and a half minutes.",
  request: { query: noQuery },
  responses: toResponses(
    "The report; outcome says whether it committed.",
    tickAnswerSchema,
    "paused",
    "tick-too-soon",
    "tick-daily-limit",
    "body-too-large",
  ),
});

export const pauseRoute = createRoute({
  ...common,
  method: "post",
  path: `${BASE}/pause`,
  operationId: "pauseRebuilder",
  summary: "Stop starting ticks",
  description: "A running tick ends as usual. The pause ends at until, or with resume.",
  request: { query: noQuery, body: { required: false, content: { "application/json": { schema: pauseBodySchema } } } },
  responses: toResponses("The status after.", statusSchema, "body-too-large", "unsupported-media-type"),
});

export const resumeRoute = createRoute({
  ...common,
  method: "post",
  path: `${BASE}/resume`,
  operationId: "resumeRebuilder",
  summary: "End a pause",
  description: "Arms the next tick at once. Without a pause it changes nothing else.",
  request: { query: noQuery },
  responses: toResponses("The status after.", statusSchema, "body-too-large"),
});

export const resetRoute = createRoute({
  ...common,
  method: "post",
  path: `${BASE}/reset`,
  operationId: "resetRotation",
  summary: "Start a new rotation",
  description: "The next tick begins at the first agent. Nothing stored is deleted.",
  request: { query: noQuery },
  responses: toResponses("The status after.", statusSchema, "body-too-large"),
});

export const acceptRoute = createRoute({
  ...common,
  method: "post",
  path: `${BASE}/accept`,
  operationId: "acceptHeld",
  summary: "Release what is held",
  description: "Takes what status names as held, such as a roster that shrank at once, by its id.",
  request: { query: noQuery, body: { required: true, content: { "application/json": { schema: acceptBodySchema } } } },
  responses: toResponses("The status after.", statusSchema, "hold-unknown", "body-too-large", "unsupported-media-type"),
});
