import type { OpenAPIHono } from "@hono/zod-openapi";
import type { TickAnswer } from "@standings/rebuilder/contract";
import type { AppEnv } from "../../env.ts";
import { type ProblemError, problem } from "../../http/problem.ts";
import { getMetricsRoute } from "../metrics/route.ts";
import { callRebuilder } from "./call-rebuilder.ts";
import { hideFromSearch, limitBody, refuseBody, requireOperator } from "./guard.ts";
import { ADMIN_PATH } from "../../paths.ts";
import { acceptRoute, getStatusRoute, pauseRoute, resetRoute, resumeRoute, tickRoute } from "./pause.ts";
import { toServed } from "./served-times.ts";

/** What only the operator may see or do. */
export function isOperatorPath(path: string): boolean {
  return path === ADMIN_PATH || path.startsWith(`${ADMIN_PATH}/`) || path === getMetricsRoute.path;
}

export function guardAdmin(app: OpenAPIHono<AppEnv>): void {
  for (const path of [`${ADMIN_PATH}/*`, getMetricsRoute.path]) {
    app.use(path, hideFromSearch, requireOperator, limitBody);
  }
}

export function registerAdmin(app: OpenAPIHono<AppEnv>): void {
  for (const route of [tickRoute, resumeRoute, resetRoute]) app.post(route.path, refuseBody);

  app.openapi(getStatusRoute, async (c) => c.json(toServed(await callRebuilder(c, (api) => api.status())), 200));

  app.openapi(tickRoute, async (c) => {
    const answer = await callRebuilder(c, (api) => api.tick());
    if (!answer.ok) throw toRefusal(answer);
    return c.json({ ...toServed(answer.report), joined: answer.joined }, 200);
  });

  app.openapi(pauseRoute, async (c) => {
    const { until, reason } = c.req.valid("json");
    const options = { ...(until && { until: Date.parse(until) }), ...(reason && { reason }) };
    return c.json(toServed(await callRebuilder(c, (api) => api.pause(options))), 200);
  });

  app.openapi(resumeRoute, async (c) => c.json(toServed(await callRebuilder(c, (api) => api.resume())), 200));

  app.openapi(resetRoute, async (c) => c.json(toServed(await callRebuilder(c, (api) => api.reset())), 200));

  app.openapi(acceptRoute, async (c) => {
    const { id } = c.req.valid("json");
    const answer = await callRebuilder(c, (api) => api.accept(id));
    if (!answer.ok) throw problem("hold-unknown");
    return c.json(toServed(await callRebuilder(c, (api) => api.status())), 200);
  });
}

function toRefusal(refusal: Extract<TickAnswer, { ok: false }>): ProblemError {
  if (refusal.reason === "paused") return problem("paused");
  const retryAfterSeconds = Math.max(1, Math.ceil(refusal.retryAfterMs / 1000));
  return problem(refusal.reason === "too-soon" ? "tick-too-soon" : "tick-daily-limit", { retryAfterSeconds });
}
