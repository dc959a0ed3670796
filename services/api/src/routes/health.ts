import type { OpenAPIHono } from "@hono/zod-openapi";
import { findNewestPublication, type Publication } from "@standings/db";
import type { AppEnv } from "../env.ts";
import { logError } from "../log.ts";
import { getHealthRoute } from "./health/routes.ts";
import type { Health } from "../ranking/health.ts";

export function registerHealth(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getHealthRoute, async (c) => {
    const health = await findNewestPublication(c.var.db).then(
      (publication) => toHealth(publication, Date.now()),
      (error) => {
        logError("health could not read the database", error, { requestId: c.var.requestId });
        return UNREACHABLE;
      },
    );
    return c.json(health, health.status === "ok" ? 200 : 503);
  });
}

const UNREACHABLE: Health = {
  status: "unreachable",
  ageSeconds: null,
  version: null,
  agents: null,
  checks: {
    database: { ok: false, detail: "did not answer" },
    publication: { ok: false, detail: "unknown" },
    coverage: { ok: false, detail: "unknown" },
    prices: { ok: false, detail: "unknown" },
  },
};

export function toHealth(publication: Publication | undefined, nowMs: number): Health {
  const database = { ok: true, detail: "answers" };
  if (!publication) {
    const none = { ok: false, detail: "nothing has been published yet" };
    const checks = { database, publication: none, coverage: none, prices: none };
    return { status: "starting", ageSeconds: null, version: 0, agents: 0, checks };
  }
  const { version, agents, partial, pending } = publication;
  const fresh = nowMs < publication.stale_after;
  const pricedAt = publication.priced_at;
  return {
    status: fresh ? "ok" : "stale",
    ageSeconds: toAgeSeconds(publication.published_at, nowMs),
    version,
    agents,
    checks: {
      database,
      publication: { ok: fresh, detail: `stale from ${new Date(publication.stale_after).toISOString()}` },
      coverage: {
        ok: pending === 0,
        detail: `${agents} ranked, ${partial} of them by last good values, ${pending} pending`,
      },
      prices: {
        ok: pricedAt !== null,
        detail: pricedAt === null ? "a price was never known" : `the oldest is of ${new Date(pricedAt).toISOString()}`,
      },
    },
  };
}

function toAgeSeconds(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - thenMs) / 1000));
}
