import type { OpenAPIHono } from "@hono/zod-openapi";
import { createMcpHandler, validateOriginHeader } from "@modelcontextprotocol/server";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import type { AppEnv, Env } from "../env.ts";
import { setCachePolicy } from "../http/cache-policy.ts";
import { problem } from "../http/problem.ts";
import { logError } from "../log.ts";
import { MCP_PATH } from "../paths.ts";
import { createMcpServer } from "./server.ts";

/** Arguments are short; what a client says about itself may not be. */
const MAX_BODY_BYTES = 65_536;

const LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

/** Sites whose scripts may call: this service's own, and tools on the reader's machine. Other clients send no Origin. */
function listAllowedHosts({ PUBLIC_URL }: Pick<Env, "PUBLIC_URL">): string[] {
  return URL.canParse(PUBLIC_URL) ? [new URL(PUBLIC_URL).hostname, ...LOCAL_HOSTS] : LOCAL_HOSTS;
}

function isAllowedOrigin(c: Context<AppEnv>, origin: string): boolean {
  return validateOriginHeader(origin, listAllowedHosts(c.env)).ok;
}

/** The protocol asks for this check: without it, any page could reach a server on the reader's machine by rebinding DNS. */
const checkOrigin: MiddlewareHandler<AppEnv> = async (c, next) => {
  const origin = c.req.header("Origin");
  if (origin !== undefined && !isAllowedOrigin(c, origin)) return toRpcError(c, 403, -32_000, "Origin not allowed");
  await next();
};

const mcpCors = cors({
  origin: (origin, c) => (origin !== "" && isAllowedOrigin(c, origin) ? origin : null),
  allowMethods: ["POST"],
  allowHeaders: ["Accept", "Content-Type", "Mcp-Method", "Mcp-Name", "MCP-Protocol-Version"],
  exposeHeaders: ["Retry-After", "X-Request-Id"],
  maxAge: 86_400,
});

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw problem("body-too-large", { detail: "MCP messages end at 64 KB." });
  },
});

/** Stateless streamable HTTP, of the revision 2026-07-28 and, for clients that begin with initialize, of those before. */
export function registerMcp(app: OpenAPIHono<AppEnv>): void {
  app.use(MCP_PATH, mcpCors, checkOrigin);
  app.post(MCP_PATH, limitBody, async (c) => {
    const message = parseJson(await c.req.text());
    if (message === undefined) return toRpcError(c, 400, -32_700, "Parse error");
    // One message would be many calls, and no revision since 2025-06-18 has batches.
    if (Array.isArray(message)) return toRpcError(c, 400, -32_600, "Batches are not taken: send one message a request");
    let cause: Error | undefined;
    const handler = createMcpHandler(() => createMcpServer(c.var.db, c.var.requestId), {
      maxSubscriptions: 0, // nothing here changes without a deploy, so there is nothing to listen for
      onerror: (error) => {
        cause = error;
      },
    });
    const response = await handler.fetch(c.req.raw, { parsedBody: message });
    if (response.status >= 500) logError("mcp.failed", cause, { requestId: c.var.requestId });
    return uncached(c, response);
  });
}

function uncached(c: Context<AppEnv>, response: Response): Response {
  c.res = new Response(response.body, response);
  setCachePolicy(c, "none");
  return c.res;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toRpcError(c: Context<AppEnv>, status: 400 | 403, code: number, message: string): Response {
  return c.json({ jsonrpc: "2.0", error: { code, message }, id: null }, status);
}
