import type { OpenAPIHono } from "@hono/zod-openapi";
import type { RebuilderApi, TickAnswer } from "@standings/rebuilder/status";
import type { Context } from "hono";
import type { AppEnv } from "../../env.ts";
import { logError } from "../../log.ts";
import { type ProblemError, problem } from "../../problem.ts";
import { hideFromSearch, limitBody, refuseBody, requireOperator } from "./guard.ts";
import { acceptRoute, getStatusRoute, pauseRoute, resetRoute, resumeRoute, tickRoute } from "./routes.ts";
import { toServed } from "./served-times.ts";

export const ADMIN_PATH = "/api/admin";

export function guardAdmin(app: OpenAPIHono<AppEnv>): void {
  app.use(`${ADMIN_PATH}/*`, hideFromSearch, requireOperator, limitBody);
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

/** Out of reach, or failed at its side: one answer for the caller, the cause for the log. */
async function callRebuilder<T>(c: Context<AppEnv>, call: (api: RebuilderApi) => Promise<T>): Promise<T> {
  try {
    return await call(c.env.REBUILDER);
  } catch (error) {
    logError("the rebuilder did not answer", error, { requestId: c.var.requestId, path: c.req.path });
    throw problem("rebuilder-unavailable");
  }
}
