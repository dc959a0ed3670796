import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import type { AppEnv } from "../../env.ts";
import { toProblemResponse } from "../../http/errors.ts";
import { problem } from "../../http/problem.ts";
import { countAgainst } from "../../http/rate-limit.ts";
import { ADMIN_PATH, METRICS_PATH } from "../../paths.ts";

const MAX_BODY_BYTES = 4096;

// What Hono's bearer middleware can read out of a header (RFC 6750); any other token could never be right.
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Missing, malformed and wrong get one and the same answer, and count alike: only who has no right token is limited. */
const deny = async (c: Context) => {
  await countAgainst(c, { binding: "AUTH_FAILURES", code: "too-many-attempts" });
  return toProblemResponse(c as Context<AppEnv>, problem("unauthorized")) as Response & string;
};

const checkBearer = bearerAuth<AppEnv>({
  verifyToken: (token, c) => isOperatorToken(token, c.env),
  noAuthenticationHeader: { message: deny },
  invalidAuthenticationHeader: { message: deny },
  invalidToken: { message: deny },
});

/** Stands before everything under its path, also before what does not exist: deny by default. */
const requireOperator: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!c.env.ADMIN_TOKEN || !BEARER_TOKEN.test(c.env.ADMIN_TOKEN)) throw problem("admin-not-configured");
  return checkBearer(c, next);
};

const hideFromSearch: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  c.header("X-Robots-Tag", "noindex");
};

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw problem("body-too-large");
  },
});

/** An action without input: an empty body is none, whatever type it says; one without a type would be passed over. */
const allowNoBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method !== "POST") return next();
  const body = (await c.req.text()).trim();
  if (body === "") c.req.raw = new Request(c.req.url, { method: c.req.method });
  else if (!c.req.header("Content-Type")) throw problem("unsupported-media-type");
  return next();
};

/** What only the operator may see or do. */
export function isOperatorPath(path: string): boolean {
  return path === ADMIN_PATH || path.startsWith(`${ADMIN_PATH}/`) || path === METRICS_PATH;
}

export function guardAdmin(app: OpenAPIHono<AppEnv>): void {
  for (const path of [`${ADMIN_PATH}/*`, METRICS_PATH]) {
    app.use(path, hideFromSearch, requireOperator, limitBody, allowNoBody);
  }
}

/** While a token is replaced, the one before it counts too. Both are compared always, whichever is right. */
async function isOperatorToken(given: string, env: AppEnv["Bindings"]): Promise<boolean> {
  const matches = await Promise.all(
    [env.ADMIN_TOKEN, env.ADMIN_TOKEN_PREVIOUS].map((expected = "") => isSameSecret(given, expected)),
  );
  return matches.includes(true);
}

/** Digests have one length and do not show how much of a guess was right; their comparison takes constant time. */
async function isSameSecret(given: string, expected: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [a, b] = await Promise.all(
    [given, expected].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
  );
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b) && expected !== "";
}
