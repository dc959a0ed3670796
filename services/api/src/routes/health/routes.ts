import { createRoute } from "@hono/zod-openapi";
import { noQuery } from "../../http/parameters.ts";
import { toProblemResponses } from "../../http/problem.ts";
import { type Health, healthSchema } from "../../ranking/health.ts";

const example: Health = {
  status: "ok",
  ageSeconds: 41,
  version: 812,
  agents: 430,
  checks: {
    database: { ok: true, detail: "answers" },
    publication: { ok: true, detail: "stale from 2026-11-22T14:32:10.000Z" },
    coverage: { ok: true, detail: "430 ranked, 2 of them by last good values, 0 pending" },
    prices: { ok: true, detail: "the oldest is of 2026-11-22T14:01:10.000Z" },
  },
};
const content = { "application/json": { schema: healthSchema, example } };

export const getHealthRoute = createRoute({
  method: "get",
  path: "/api/health",
  operationId: "getHealth",
  tags: ["Health"],
  summary: "Whether the rankings are fresh",
  description:
    "200 while the newest ranking is younger than the rebuilder promised when it published it, 503 after. Judged by the age of what readers see, never by whether something is scheduled.",
  request: { query: noQuery },
  responses: {
    200: { description: "The newest ranking is fresh.", content },
    503: { description: "The newest ranking is stale, missing or out of reach.", content },
    ...toProblemResponses("invalid-request", "internal"),
  },
});
