import { OpenAPIHono } from "@hono/zod-openapi";
import { createDb } from "@standings/db";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { noStoreByDefault } from "./http/cache-policy.ts";
import { registerDiscovery } from "./discovery/handlers.ts";
import type { AppEnv } from "./env.ts";
import { handleError, handleInvalidInput, handleNotFound, handleOtherMethod } from "./http/errors.ts";
import { registerMcp } from "./mcp/handlers.ts";
import { MCP_PATH } from "./paths.ts";
import { registerPages } from "./pages/handlers.tsx";
import { refuseAmbiguousQuery } from "./http/parameters.ts";
import { guardAdmin, isOperatorPath, registerAdmin } from "./routes/admin/handlers.ts";
import { registerDashboard } from "./routes/dashboard.ts";
import { registerHealth } from "./routes/health.ts";
import { registerMetrics } from "./routes/metrics/handlers.ts";
import { registerOpenApi } from "./routes/openapi/handlers.ts";

export function createApp(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({ defaultHook: handleInvalidInput });
  app.notFound(handleNotFound);
  app.onError(handleError);

  // Never the client's own id: the edge may store the answer, and the log must not hold what a client chose.
  app.use(requestId({ limitLength: 0 }));
  app.use(noStoreByDefault);
  app.use(securityHeaders);
  app.use(openForReads);
  app.use(methodNotAllowed({ app, onMethodNotAllowed: handleOtherMethod }));
  app.use(async (c, next) => {
    c.set("db", createDb(c.env.DB));
    await next();
  });

  guardAdmin(app); // before anything that judges the request, so that without the token there is only 401
  app.use(refuseAmbiguousQuery);
  registerAdmin(app);
  registerMetrics(app);
  registerDashboard(app);
  registerHealth(app);
  registerOpenApi(app);
  registerMcp(app);
  registerDiscovery(app);
  registerPages(app);
  return app;
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
