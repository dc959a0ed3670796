import type { Hono } from "hono";
import { createBlockstreamApp, createMempoolApp } from "./esplora.ts";
import { createHiroApp } from "./hiro.ts";
import type { Host } from "./hosts.ts";
import { createAlexApp, createCoinbaseApp, createCoinGeckoApp, createTeneroApp } from "./price-feeds.ts";
import type { HostEnv } from "./view.ts";
import type { World } from "./world.ts";

/** One app a host. It takes requests whose path is what comes after the host's base URL. */
export type Hosts = Record<Host, Hono<HostEnv>>;

/** The hosts of one world: all of them see the same. */
export function createHosts(world: World): Hosts {
  const hosts: Hosts = {
    hiro: createHiroApp(world),
    mempool: createMempoolApp(world),
    blockstream: createBlockstreamApp(world),
    coingecko: createCoinGeckoApp(world),
    coinbase: createCoinbaseApp(world),
    alex: createAlexApp(world),
    tenero: createTeneroApp(world),
  };
  for (const app of Object.values(hosts)) {
    app.onError((error) => {
      throw error; // a bug of the simulation, never an answer of the host
    });
  }
  return hosts;
}
