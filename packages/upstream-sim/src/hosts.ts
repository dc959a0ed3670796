export const HOSTS = ["hiro", "mempool", "blockstream", "coingecko", "coinbase", "alex", "tenero"] as const;
export type Host = (typeof HOSTS)[number];

/** The name of the var that carries a host's base URL. */
export type UrlVar = `${Uppercase<Host>}_API_URL`;

/** Base URLs carry a path on purpose: a client that replaces it instead of joining to it fails here. */
export const BASE_PATHS: Record<Host, string> = {
  hiro: "/hiro",
  mempool: "/mempool/api",
  blockstream: "/blockstream/api",
  coingecko: "/coingecko/api/v3",
  coinbase: "/coinbase/v2",
  alex: "/alex",
  tenero: "/tenero/v1",
};

export function toUrlVar(host: Host): UrlVar {
  return `${host.toUpperCase() as Uppercase<Host>}_API_URL`;
}

export function toBaseUrls(origin: string): Record<UrlVar, string> {
  return Object.fromEntries(HOSTS.map((host) => [toUrlVar(host), origin + BASE_PATHS[host]])) as Record<UrlVar, string>;
}

/** Which host a request path belongs to, and the path under that host's base URL. */
export function findHost(pathname: string): { host: Host; path: string } | undefined {
  for (const host of HOSTS) {
    const base = BASE_PATHS[host];
    if (pathname === base) return { host, path: "/" };
    if (pathname.startsWith(`${base}/`)) return { host, path: pathname.slice(base.length) };
  }
  return undefined;
}
