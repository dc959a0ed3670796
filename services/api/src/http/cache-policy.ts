import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "../env.ts";

export type CachePolicy = "snapshot" | "brief" | "static" | "none";

// The edge obeys Cloudflare-CDN-Cache-Control; s-maxage in Cache-Control would switch stale-while-revalidate off there.
export const CACHE_POLICIES: Record<CachePolicy, { clients: string; edge: string }> = {
  snapshot: {
    clients: "public, max-age=30, s-maxage=60, stale-while-revalidate=300",
    edge: "public, max-age=60, stale-while-revalidate=300, stale-if-error=3600",
  },
  // What says how old something is: young enough to be true, and read from D1 no more often than that.
  brief: { clients: "public, max-age=10", edge: "public, max-age=15" },
  // What only a deploy changes, and the edge starts cold after one.
  static: {
    clients: "public, max-age=300",
    edge: "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=86400",
  },
  none: { clients: "no-store", edge: "no-store" },
};

export function setCachePolicy(c: Context<AppEnv>, policy: CachePolicy): void {
  c.header("Cache-Control", CACHE_POLICIES[policy].clients);
  c.header("Cloudflare-CDN-Cache-Control", CACHE_POLICIES[policy].edge);
}

/** Nothing is stored unless its handler said so: an answer without a policy would be cached for hours. */
export const noStoreByDefault: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.res.status >= 400 || !c.res.headers.has("Cache-Control")) setCachePolicy(c, "none");
};
