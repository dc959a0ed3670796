import type { Db } from "@standings/db";
import type { RebuilderApi } from "@standings/rebuilder/contract";
import type { Context } from "hono";

export interface Env {
  DB: D1Database;
  REBUILDER: RebuilderApi; // service binding, entrypoint RebuilderRpc
  PUBLIC_URL: string; // where readers reach this service; empty = links stay relative
  AUTH_FAILURES: RateLimit; // per client
  SEARCHES: RateLimit; // per client
  ADMIN_TOKEN?: string; // secret; absent = the admin routes answer 503
  ADMIN_TOKEN_PREVIOUS?: string; // secret; the token before it, valid too while clients move to the new one
}

export interface AppEnv {
  Bindings: Env;
  Variables: { db: Db; requestId: string };
}

/** A link to a path of this service. Never on the request's host: the edge cache has no host in its key. */
export function toLink(env: Pick<Env, "PUBLIC_URL">, path: string): string {
  return env.PUBLIC_URL.replace(/\/+$/, "") + path;
}

/**
 * Where an operator's command finds this service: an absolute URL, of the request where none is configured. Not for
 * answers that are stored.
 */
export function toServiceUrl(c: Context<AppEnv>): string {
  return toLink(c.env, "") || new URL(c.req.url).origin;
}
