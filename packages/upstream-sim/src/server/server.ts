import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { parseInput } from "../bad-input.ts";
import { answerWithFault } from "../fault-answers.ts";
import type { FaultRuleInput } from "../fault-rules.ts";
import { createFaults, type RuleState } from "../faults.ts";
import { createHiroApp } from "../hiro.ts";
import type { PinnedHoldings } from "../holdings.ts";
import { findHost, type Host, toBaseUrls, type UrlVar } from "../hosts.ts";
import { createMempoolApp } from "../mempool.ts";
import { createAlexApp, createCoinbaseApp, createCoinGeckoApp, createTeneroApp } from "../price-feeds.ts";
import type { PinnedPrices } from "../prices.ts";
import type { QuotaLimits } from "../quota.ts";
import { toUnit } from "../random.ts";
import { createWorld } from "../world.ts";
import { createConnections, nextTurn, untilAborted } from "./connection.ts";
import { CONTROL_PATH, createControlApp, latencySchema } from "./control.ts";
import { loadReplay } from "./replay.ts";
import { type Call, createStats, type UpstreamStats } from "./stats.ts";

export interface LatencyRange {
  minMs: number;
  maxMs: number;
}

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

export interface Upstream {
  port: number;
  origin: string;
  controlUrl: string;
  baseUrls: Record<UrlVar, string>;
  stats(): UpstreamStats;
  resetStats(): UpstreamStats;
  /** The newest calls after this sequence number, oldest first. */
  listCalls(afterSeq?: number): Call[];
  /** Replaces all rules. */
  setFaults(rules: readonly FaultRuleInput[]): void;
  listFaults(): RuleState[];
  latency(): LatencyRange;
  setLatency(latency: LatencyRange): void;
  /** Fixes what one Stacks or Bitcoin address holds. */
  pinHoldings(address: string, holdings: PinnedHoldings): void;
  unpinHoldings(address?: string): void;
  pinPrices(prices: PinnedPrices): void;
  unpinPrices(): void;
  step(): number;
  advance(steps: number): void;
  /** Ends every connection, also those that a fault keeps waiting. */
  close(): Promise<void>;
}

/** Far above what local ticks of seconds make, so that the quota is reported but not met. */
const GENEROUS_QUOTA: QuotaLimits = { perMinute: 60_000, perMonth: 75_000_000 };

/** Longer than any client keeps an idle connection: a server that closes first races with the next request. */
const KEEP_ALIVE_MS = 65_000;

export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const { seed = "standings", clock = Date.now } = options;
  const replay = options.replayDir === undefined ? undefined : loadReplay(options.replayDir);
  const world = createWorld({
    seed,
    clock,
    stepSeconds: options.stepSeconds ?? 30,
    hiroQuota: options.hiroQuota ?? GENEROUS_QUOTA,
  });
  const apps = {
    hiro: createHiroApp(world),
    mempool: createMempoolApp(world),
    coingecko: createCoinGeckoApp(world),
    coinbase: createCoinbaseApp(world),
    alex: createAlexApp(world),
    tenero: createTeneroApp(world),
  };
  const stats = createStats(clock);
  const faults = createFaults(seed);
  faults.set(options.faults ?? []);
  let latency = parseInput(latencySchema, options.latency ?? { minMs: 0, maxMs: 0 }, "latency");
  const connections = createConnections();

  async function answerCall(request: Request, host: Host, path: string, env: HttpBindings): Promise<Response> {
    const { search } = new URL(request.url);
    const headerNames = Object.keys(env.incoming.headers);
    const open = stats.start({ host, method: request.method, path, query: redactQuery(search), headerNames });
    const gone = connections.watch(env, (status) => open.finish(status));
    // No answer begins before what is under way has been counted.
    await nextTurn();
    open.settle();

    const { minMs, maxMs } = latency;
    const waitMs = minMs + (maxMs - minMs) * toUnit(seed, "latency", open.call.seq);
    if (waitMs > 0) await delay(waitMs, undefined, { signal: gone }).catch(() => undefined);

    const rule = faults.pick(host, path);
    open.call.fault = rule?.kind ?? null;
    const answer = async () => {
      if (replay) return replay.answer(host, path);
      const inner = new Request(`http://${host}${path}${search}`, { method: request.method, headers: request.headers });
      return apps[host].fetch(inner);
    };
    const response = rule
      ? await answerWithFault(rule, { host, path, search, method: request.method, answer, gone })
      : await answer();
    if (response instanceof Response) return response;
    if (response === "hang") await untilAborted(gone);
    else env.incoming.socket.resetAndDestroy();
    return RESPONSE_ALREADY_SENT;
  }

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
  const origin = `http://127.0.0.1:${port}`;

  const upstream: Omit<Upstream, "close"> = {
    port,
    origin,
    controlUrl: origin + CONTROL_PATH,
    baseUrls: toBaseUrls(origin),
    stats: () => stats.read(),
    resetStats: () => stats.reset(),
    listCalls: (afterSeq = 0) => stats.listCalls(afterSeq),
    setFaults: (rules) => faults.set(rules),
    listFaults: () => faults.list(),
    latency: () => latency,
    setLatency: (range) => {
      latency = parseInput(latencySchema, range, "latency");
    },
    pinHoldings: (address, holdings) => world.holdings.pin(address, holdings),
    unpinHoldings: (address) => world.holdings.unpin(address),
    pinPrices: (prices) => world.prices.pin(prices),
    unpinPrices: () => world.prices.unpin(),
    step: world.step,
    advance: world.advance,
  };
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

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is in use`) : error);
    });
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** A key does not belong into a query, but if one is there its value is not kept. */
function redactQuery(search: string): string {
  const query = new URLSearchParams(search);
  for (const name of query.keys()) {
    if (/key|token|secret|auth/i.test(name)) query.set(name, "redacted");
  }
  return query.toString();
}
