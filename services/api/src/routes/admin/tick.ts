import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { TickAnswer } from "@standings/rebuilder/contract";
import type { AppEnv } from "../../env.ts";
import { noQuery } from "../../http/parameters.ts";
import { type ProblemError, problem } from "../../http/problem.ts";
import { REBUILDER_PATH } from "../../paths.ts";
import { callRebuilder, parseAnswer } from "./call-rebuilder.ts";
import { operatorRoute, reasonBody, toOptions, toResponses } from "./responses.ts";
import { tickAnswerSchema, toServed } from "./schema.ts";

export const tickRoute = createRoute({
  ...operatorRoute,
  method: "post",
  path: `${REBUILDER_PATH}/tick` as const,
  operationId: "runTick",
  summary: "Run one tick now",
  description:
    "Asks for one chunk of agents on each lane, commits and publishes, and answers with the report. Joins the tick that is running, if one is. May take up to about two and a half minutes.",
  request: { query: noQuery, body: reasonBody },
  responses: toResponses(
    "The report; outcome says whether it committed.",
    tickAnswerSchema,
    "paused",
    "tick-too-soon",
    "tick-daily-limit",
    "body-too-large",
    "unsupported-media-type",
  ),
});

export function registerTick(app: OpenAPIHono<AppEnv>): void {
  app.openapi(tickRoute, async (c) => {
    const options = toOptions(c.req.valid("json"));
    const answer = await callRebuilder(c, (api) => api.tick(options));
    if (!answer.ok) throw toRefusal(answer);
    return c.json({ ...parseAnswer(c, toServed.tickReport, answer.report), joined: answer.joined }, 200);
  });
}

function toRefusal(refusal: Extract<TickAnswer, { ok: false }>): ProblemError {
  if (refusal.reason === "paused") return problem("paused");
  const retryAfterSeconds = Math.max(1, Math.ceil(refusal.retryAfterMs / 1000));
  return problem(refusal.reason === "too-soon" ? "tick-too-soon" : "tick-daily-limit", { retryAfterSeconds });
}
