import { Hono, type MiddlewareHandler } from "hono";
import { answerRouteNotFound } from "./hiro-answers.ts";
import { addHiroMetadataRoutes } from "./hiro-metadata.ts";
import { addHiroNodeRoutes } from "./hiro-node.ts";
import { addHiroV1Routes } from "./hiro-v1.ts";
import { addHiroV3Routes } from "./hiro-v3.ts";
import type { HostEnv } from "./view.ts";
import type { World } from "./world.ts";

export function createHiroApp(world: World): Hono<HostEnv> {
  const app = new Hono<HostEnv>();
  app.use(countQuota(world));
  addHiroV1Routes(app, world);
  addHiroV3Routes(app, world);
  addHiroNodeRoutes(app, world);
  addHiroMetadataRoutes(app);
  app.notFound(answerRouteNotFound);
  return app;
}

function countQuota(world: World): MiddlewareHandler<HostEnv> {
  return async (c, next) => {
    const quota = world.hiroQuota.spend();
    if (quota.exceeded) {
      const retryAfter = String(quota.minuteResetSeconds);
      c.res = new Response("Too Many Requests", { status: 429, headers: { "retry-after": retryAfter } });
    } else {
      await next();
    }
    const headers = {
      server: "cloudflare",
      "cf-cache-status": "BYPASS",
      "ratelimit-limit": String(quota.limits.perMinute),
      "ratelimit-remaining": String(quota.minuteRemaining),
      "ratelimit-reset": String(quota.minuteResetSeconds),
      "x-ratelimit-cost-stacks": "1",
      "x-ratelimit-limit-stacks-minute": String(quota.limits.perMinute),
      "x-ratelimit-remaining-stacks-minute": String(quota.minuteRemaining),
      "x-ratelimit-limit-stacks-month": String(quota.limits.perMonth),
      "x-ratelimit-remaining-stacks-month": String(quota.monthRemaining),
    };
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
  };
}
