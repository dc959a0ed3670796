import type { Database } from "@standings/db";
import type { RebuilderApi } from "@standings/rebuilder/contract";
import type { Kysely } from "kysely";

export interface Env {
  DB: D1Database;
  REBUILDER: RebuilderApi; // service binding, entrypoint RebuilderRpc
  DEPLOY_ENV: string;
  PUBLIC_URL: string; // where readers reach this service; empty = links stay relative
  AUTH_FAILURES: RateLimit; // per client
  SEARCHES: RateLimit; // per client
  ADMIN_TOKEN?: string; // secret; absent = the admin routes answer 503
  ADMIN_TOKEN_PREVIOUS?: string; // secret; the token before it, valid too while clients move to the new one
}

export interface AppEnv {
  Bindings: Env;
  Variables: { db: Kysely<Database>; requestId: string };
}

/** A link to a path of this service. Never on the request's host: the edge cache has no host in its key. */
export function toLink(env: Pick<Env, "PUBLIC_URL">, path: string): string {
  return env.PUBLIC_URL.replace(/\/+$/, "") + path;
}
