import { sha256 } from "@noble/hashes/sha256";
import { bytesToHex } from "@noble/hashes/utils";
import type { Context } from "hono";

/** What the router says of a path that it does not have. */
export function answerRouteNotFound(c: Context): Response {
  const { pathname, search } = new URL(c.req.url);
  const message = `Route ${c.req.method}:${pathname}${search} not found`;
  return json({ message, error: "Not Found", statusCode: 404 }, 404);
}

/** 400 of the router's schema validation. */
export function answerInvalid(message: string): Response {
  return json({ statusCode: 400, code: "FST_ERR_VALIDATION", error: "Bad Request", message }, 400);
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
}

/** 200 with an ETag, or 304. A principal without any activity gets no ETag. */
export function jsonWithEtag(c: Context, body: unknown, active: boolean): Response {
  if (!active) return json(body);
  const etag = `"${bytesToHex(sha256(JSON.stringify(body))).slice(0, 32)}"`;
  if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
  return json(body, 200, { etag });
}
