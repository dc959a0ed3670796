import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { FreshnessStatus } from "@standings/rebuilder/contract";
import { type AppEnv, toServiceUrl } from "../env.ts";
import { noQuery } from "../http/parameters.ts";
import { toProblemResponses } from "../http/problem.ts";
import { logError } from "../log.ts";
import { HEALTH_PATH } from "../paths.ts";
import { readBoard } from "../ranking/board.ts";
import { type Health, healthSchema, toHealth, toUnreachableHealth } from "../ranking/health.ts";

const example: Health = {
  status: "degraded",
  ageSeconds: 41,
  version: 812,
  agents: 430,
  checks: {
    publication: {
      ok: true,
      ageSeconds: 41,
      share: 1,
      detail: "Version 812: 430 ranked, 30 of them by last good values, 0 pending.",
    },
    stacks: {
      ok: true,
      ageSeconds: 41,
      share: 0,
      detail: "Well, last complete answer 41 s ago, half of its agents are younger than 4 min.",
    },
    bitcoin: {
      ok: false,
      ageSeconds: 960,
      share: 0.07,
      detail: "The bitcoin lane has had no complete answer for 16 min (http-503).",
    },
    prices: { ok: true, ageSeconds: 71, share: null, detail: "The oldest of btc-l1, sbtc, stx is 71 s old." },
    holds: { ok: true, ageSeconds: null, share: null, detail: "Nothing is held back." },
    rebuilder: {
      ok: true,
      ageSeconds: 41,
      share: null,
      detail: "The last tick committed 41 s ago, the next one is due at 2026-11-22T14:04:10.000Z.",
    },
  },
  reasons: [
    {
      code: "lane-silent",
      subject: "bitcoin",
      since: "2026-11-22T13:46:51.000Z",
      why: "the bitcoin lane has had no complete answer for 16 min (http-503)",
      action: {
        command: "npm run ops -- status --url https://standings.example.com",
        when: "for the host's answers",
      },
    },
  ],
};
const content = { "application/json": { schema: healthSchema, example } };

export const getHealthRoute = createRoute({
  method: "get",
  path: HEALTH_PATH,
  operationId: "getHealth",
  tags: ["Health"],
  summary: "Whether the rankings are fresh",
  description:
    "200 while the data is as young as it should be, and when something is degraded; 503 once it is stale, missing or out of reach. Judged by the age of what readers see, never by whether something is scheduled. The reasons name what is wrong, since when, why, and what the operator can do.",
  request: { query: noQuery },
  responses: {
    200: { description: "The status is ok or degraded.", content },
    503: { description: "The status is stale, starting or unreachable.", content },
    ...toProblemResponses("invalid-request", "internal"),
  },
});

const HTTP_STATUS: Record<FreshnessStatus, 200 | 503> = {
  ok: 200,
  degraded: 200,
  stale: 503,
  starting: 503,
  unreachable: 503,
};

export function registerHealth(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getHealthRoute, async (c) => {
    const nowMs = Date.now();
    const url = toServiceUrl(c);
    const health = await readBoard(c.var.db, nowMs).then(
      (board) => toHealth(board, url, nowMs),
      (error) => {
        logError("health.unreachable", error, { requestId: c.var.requestId });
        return toUnreachableHealth(url, nowMs);
      },
    );
    return c.json(health, HTTP_STATUS[health.status]);
  });
}
