import type { Clock, HostName } from "@standings/balances";
import { hash, isHit } from "./random.ts";
import type { World } from "./world.ts";

export type UpstreamMode =
  | "ok"
  | "429"
  | "429-later" // with Retry-After
  | "5xx"
  | "hangs"
  | "html"
  | "wrong-types"
  | "truncated"
  | "negative"
  | "too-much"
  | "zeros"
  | "v1-gone"
  | "flaky"
  | "flaky-429";

const FAULTS: UpstreamMode[] = ["429", "5xx", "html", "wrong-types", "truncated", "negative", "too-much"];

const RETRY_AFTER_SECONDS = 1_500;
const POOL_SIZE = 6;

/** Hiro, mempool.space and the price feeds, with holdings that change when told to. */
export class ModelUpstreams {
  modes: Record<HostName, UpstreamMode> = { hiro: "ok", mempool: "ok", coingecko: "ok", coinbase: "ok" };
  holdings = new Map<string, bigint>(); // any address -> base units
  priceFactor = 1;
  latencyMs = 20;
  calls = 0;
  /** Every value that a valid answer gave for an address. */
  served = new Map<string, Set<bigint>>();

  #inFlight = 0;
  #callers = 0;
  #attempts = new Map<string, number>();
  #notBefore = new Map<HostName, number>();

  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  heal(): void {
    this.modes = { hiro: "ok", mempool: "ok", coingecko: "ok", coinbase: "ok" };
    this.priceFactor = 1;
  }

  forgetCallers(): void {
    this.#inFlight = 0;
    this.#callers++;
    this.#notBefore.clear(); // what a crash forgets is known again by the next 429
  }

  balance(address: string): bigint {
    return this.holdings.get(address) ?? BigInt(hash(this.#world.seed, address) % 1_000_000);
  }

  async fetch(url: string, signal: AbortSignal | undefined, clock: Clock): Promise<Response> {
    const world = this.#world;
    const { host, path } = world.hostOf(url);
    const callers = this.#callers;
    const notBefore = this.#notBefore.get(host) ?? 0;
    this.calls++;
    world.watch.sawOutsideCall(world.isLocked(), host);
    const earlyMs = notBefore - world.clock.nowMs;
    if (earlyMs > 0) world.watch.sawEarlyCall(host, earlyMs);
    world.watch.assert(++this.#inFlight <= POOL_SIZE, "I-8 in flight", () => `${this.#inFlight} calls at once`);
    try {
      const attempt = (this.#attempts.get(path) ?? 0) + 1;
      this.#attempts.set(path, attempt);
      const mode = this.#modeOf(host, path, attempt);
      await wait(clock, this.latencyMs + (hash(world.seed, path, attempt) % 300), signal);
      if (mode === "hangs") await wait(clock, Number.MAX_SAFE_INTEGER, signal);
      return this.#answer(host, path, mode);
    } finally {
      if (callers === this.#callers) this.#inFlight--;
    }
  }

  /** Decided by what is called and how often, never by the order in which calls end. */
  #modeOf(host: HostName, path: string, attempt: number): UpstreamMode {
    const mode = this.modes[host];
    if (mode === "flaky") {
      const fault = FAULTS[hash(this.#world.seed, "fault", path, attempt) % FAULTS.length] ?? "5xx";
      return isHit(0.3, this.#world.seed, path, attempt) && fault !== "429" ? fault : "ok";
    }
    if (mode === "flaky-429") return isHit(0.15, this.#world.seed, path, attempt) ? "429" : "ok";
    return mode;
  }

  #answer(host: HostName, path: string, mode: UpstreamMode): Response {
    switch (mode) {
      case "429":
        return respond(429, "slow down");
      case "429-later":
        this.#notBefore.set(host, this.#world.clock.nowMs + RETRY_AFTER_SECONDS * 1_000);
        return respond(429, "slow down", { "retry-after": String(RETRY_AFTER_SECONDS) });
      case "5xx":
        return respond(502, "<html>", { "content-type": "text/html" });
      case "html":
        return respond(200, "<html>", { "content-type": "text/html" });
      case "wrong-types":
        return json(host === "hiro" ? { stx: { balance: 5 }, fungible_tokens: [] } : { address: 5, chain_stats: null });
      case "truncated":
        return respond(200, '{"stx":{"bal', JSON_TYPE);
      case "v1-gone":
        if (path.includes("/v1/address/")) return json({ error: "Gone" }, 410);
    }
    if (host === "coingecko") return json(this.#prices());
    if (host === "coinbase")
      return json({ data: { amount: String(0.8 * this.priceFactor), base: "STX", currency: "USD" } });
    if (path === "/v1/prices")
      return json({ USD: 100_000 * this.priceFactor, time: Math.floor(this.#world.clock.read() / 1_000) });
    const address = /\/(?:address|principals)\/([^/]+)/.exec(path)?.[1] ?? "";
    return host === "mempool" ? this.#bitcoin(address, mode) : this.#stacks(address, path, mode);
  }

  #prices() {
    return { bitcoin: { usd: 100_000 * this.priceFactor }, blockstack: { usd: 0.8 * this.priceFactor } };
  }

  #bitcoin(address: string, mode: UpstreamMode): Response {
    const real = mode === "zeros" ? 0n : this.balance(address);
    const funded = mode === "too-much" ? "2200000000000000" : mode === "negative" ? "1" : (real + 7n).toString();
    const spent = mode === "negative" ? "9" : "7";
    if (mode !== "too-much" && mode !== "negative") this.#serve(address, real);
    const stats = `{"funded_txo_sum":${funded},"spent_txo_sum":${spent}}`;
    return respond(200, `{"address":"${address}","chain_stats":${stats}}`, JSON_TYPE);
  }

  #stacks(address: string, path: string, mode: UpstreamMode): Response {
    const real = mode === "zeros" ? 0n : this.balance(address);
    const balance = mode === "too-much" ? "3000000000000000" : mode === "negative" ? "-1" : real.toString();
    if (mode !== "too-much" && mode !== "negative") this.#serve(address, real);
    if (path.includes("/v1/address/")) return json({ stx: { balance }, fungible_tokens: {} });
    if (path.endsWith("/stx")) return json({ balance });
    return json({ total: 0, limit: 200, cursor: { next: null }, results: [] });
  }

  #serve(address: string, value: bigint): void {
    this.served.set(address, (this.served.get(address) ?? new Set()).add(value));
  }
}

const JSON_TYPE = { "content-type": "application/json" };

function json(body: unknown, status = 200): Response {
  return respond(status, JSON.stringify(body), JSON_TYPE);
}

/** As much of a Response as the client reads, without streams: thousands of rotations a second are made of these. */
function respond(status: number, text: string, headers: Record<string, string> = {}): Response {
  let chunks: Uint8Array[] = [new TextEncoder().encode(text)];
  const body = {
    cancel: async () => {},
    getReader: () => ({
      cancel: async () => {},
      read: async () => {
        const [value] = chunks;
        chunks = [];
        return value ? { done: false, value } : { done: true, value: undefined };
      },
    }),
  };
  return { status, headers: new Headers(headers), body } as unknown as Response;
}

function wait(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      cancel();
      reject(new DOMException("aborted", "AbortError"));
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
