import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { parseInput } from "../bad-input.ts";
import { createHosts } from "../create-hosts.ts";
import type { FaultRuleInput } from "../fault-rules.ts";
import { createFaults, type Faults } from "../faults.ts";
import { findHost, toBaseUrls } from "../hosts.ts";
import type { QuotaLimits } from "../quota.ts";
import { createWorld, type World } from "../world.ts";
import { createCallAnswerer } from "./answer-call.ts";
import { createConnections } from "./connection.ts";
import { CONTROL_PATH, createControlApp } from "./control.ts";
import { type LatencyRange, latencySchema } from "./latency.ts";
import { loadReplay } from "./replay.ts";
import { createStats, type StatsKeeper } from "./stats.ts";
import type { Upstream } from "./upstream.ts";

export interface UpstreamOptions {
  /** Absent or 0 = any free port. */
  port?: number;
  seed?: string;
  clock?: () => number;
  /** How long holdings and prices stay as they are. */
  stepSeconds?: number;
  latency?: LatencyRange;
  faults?: readonly FaultRuleInput[];
  hiroQuota?: QuotaLimits;
  /** A folder of recorded answers to serve instead. */
  replayDir?: string;
}

/** Longer than any client keeps an idle connection: a server that closes first races with the next request. */
const KEEP_ALIVE_MS = 65_000;

export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const { seed = "standings", clock = Date.now, stepSeconds = 30, hiroQuota } = options;
  const replay = options.replayDir === undefined ? undefined : loadReplay(options.replayDir);
  const world = createWorld({ seed, clock, stepSeconds, ...(hiroQuota ? { hiroQuota } : {}) });
  const stats = createStats(clock);
  const faults = createFaults(seed);
  faults.set(options.faults ?? []);
  const latency = createLatency(options.latency ?? { minMs: 0, maxMs: 0 });
  const connections = createConnections();
  const hosts = createHosts(world);
  const answerCall = createCallAnswerer({ hosts, replay, stats, faults, connections, latency: latency.get, seed });

  const server = createAdaptorServer({
    overrideGlobalObjects: false,
    fetch: (request, env) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith(CONTROL_PATH)) return control.fetch(request);
      const target = findHost(pathname);
      if (!target) return Response.json({ error: `no simulated host at ${pathname}` }, { status: 404 });
      return answerCall(request, target.host, target.path, env as HttpBindings);
    },
  }) as Server;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const port = await listen(server, options.port ?? 0);
  const upstream = { port, ...toAddresses(port), ...toControls(world, stats, faults, latency) };
  const control = createControlApp(upstream);

  return {
    ...upstream,
    close: async () => {
      connections.endAll();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function toAddresses(port: number): Pick<Upstream, "origin" | "controlUrl" | "baseUrls"> {
  const origin = `http://127.0.0.1:${port}`;
  return { origin, controlUrl: origin + CONTROL_PATH, baseUrls: toBaseUrls(origin) };
}

type Controls = Omit<Upstream, "port" | "origin" | "controlUrl" | "baseUrls" | "close">;

function toControls(world: World, stats: StatsKeeper, faults: Faults, latency: Latency): Controls {
  return {
    stats: () => stats.read(),
    resetStats: () => stats.reset(),
    listCalls: (afterSeq = 0) => stats.listCalls(afterSeq),
    setFaults: (rules) => faults.set(rules),
    listFaults: () => faults.list(),
    latency: latency.get,
    setLatency: latency.set,
    pinHoldings: (address, holdings) => world.holdings.pin(address, holdings),
    unpinHoldings: (address) => world.holdings.unpin(address),
    pinPrices: (prices) => world.prices.pin(prices),
    unpinPrices: () => world.prices.unpin(),
    step: world.step,
    advance: world.advance,
  };
}

interface Latency {
  get: () => LatencyRange;
  /** Throws a BadInput and changes nothing when malformed. */
  set: (range: LatencyRange) => void;
}

function createLatency(initial: LatencyRange): Latency {
  let latency = parseInput(latencySchema, initial, "latency");
  return {
    get: () => latency,
    set: (range) => {
      latency = parseInput(latencySchema, range, "latency");
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is in use`) : error);
    });
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
