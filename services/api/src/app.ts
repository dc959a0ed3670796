import { OpenAPIHono } from "@hono/zod-openapi";
import { createDb } from "@standings/db";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { describeDashboard } from "./discovery/describe.ts";
import { registerDiscovery } from "./discovery/handlers.ts";
import { registerOpenApi } from "./discovery/openapi.ts";
import type { AppEnv } from "./env.ts";
import { noStoreByDefault } from "./http/cache-policy.ts";
import { handleError, handleInvalidInput, handleNotFound, handleOtherMethod } from "./http/errors.ts";
import { refuseAmbiguousQuery } from "./http/parameters.ts";
import { registerMcp } from "./mcp/handlers.ts";
import { registerPages } from "./pages/handlers.tsx";
import { showProblemsAsPages } from "./pages/problem-page.tsx";
import { MCP_PATH } from "./paths.ts";
import { registerAccept } from "./routes/admin/accept.ts";
import { registerActions } from "./routes/admin/actions.ts";
import { guardAdmin, isOperatorPath } from "./routes/admin/guard.ts";
import { registerPause } from "./routes/admin/pause.ts";
import { registerReset } from "./routes/admin/reset.ts";
import { registerResume } from "./routes/admin/resume.ts";
import { registerStatus } from "./routes/admin/status.ts";
import { registerTick } from "./routes/admin/tick.ts";
import { registerAgent } from "./routes/agent.ts";
import { registerAgentMarkdown } from "./routes/agent-markdown.ts";
import { registerDashboard } from "./routes/dashboard.ts";
import { registerDashboardCsv } from "./routes/dashboard-csv.ts";
import { registerDashboardMarkdown } from "./routes/dashboard-markdown.ts";
import { registerHealth } from "./routes/health.ts";
import { registerMetrics } from "./routes/metrics/route.ts";

export function createApp(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({ defaultHook: handleInvalidInput });
  app.notFound(handleNotFound);
  app.onError(handleError);

  // Never the client's own id: the edge may store the answer, and the log must not hold what a client chose.
  app.use(requestId({ limitLength: 0 }));
  app.use(noStoreByDefault);
  app.use(showProblemsAsPages);
  app.use(securityHeaders);
  app.use(openForReads);
  app.use(methodNotAllowed({ app, onMethodNotAllowed: handleOtherMethod }));
  app.use(async (c, next) => {
    c.set("db", createDb(c.env.DB));
    await next();
  });

  guardAdmin(app); // before anything that judges the request, so that without the token there is only 401
  app.use(refuseAmbiguousQuery);
  registerOperations(app);
  registerDashboard(app, describeDashboard);
  registerDashboardCsv(app);
  registerDashboardMarkdown(app);
  registerAgentMarkdown(app);
  registerAgent(app);
  registerHealth(app);
  registerOpenApi(app);
  registerMcp(app);
  registerDiscovery(app);
  registerPages(app);
  return app;
}

function registerOperations(app: OpenAPIHono<AppEnv>): void {
  registerStatus(app);
  registerTick(app);
  registerPause(app);
  registerResume(app);
  registerReset(app);
  registerAccept(app);
  registerActions(app);
  registerMetrics(app);
}

const securityHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  strictTransportSecurity: "max-age=31536000",
  xFrameOptions: "DENY",
  overwrite: false,
});

const publicCors = cors({
  origin: "*",
  allowMethods: ["GET", "HEAD"],
  allowHeaders: ["If-None-Match"],
  exposeHeaders: ["Link", "ETag", "Retry-After", "X-Request-Id", "X-Total-Count", "Content-Disposition"],
  maxAge: 86_400,
});

/** Rankings are open to scripts of every site, operations to none. A plain OPTIONS goes on, to be told what is allowed. */
const openForReads: MiddlewareHandler<AppEnv> = async (c, next) => {
  const isPreflight = c.req.method === "OPTIONS" && c.req.header("Access-Control-Request-Method") !== undefined;
  const isMcp = c.req.path === MCP_PATH; // has rules of its own
  if (isOperatorPath(c.req.path) || isMcp || (c.req.method === "OPTIONS" && !isPreflight)) return next();
  return publicCors(c, next);
};
