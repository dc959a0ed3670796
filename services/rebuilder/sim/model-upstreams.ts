import { BTC, type Clock, type HostName, SBTC, STX } from "@standings/balances";
import { type Answer, answer, type Ground, parseQuestion, type Question } from "./model-answers.ts";
import { hash } from "./random.ts";
import { PRICED, type Said } from "./said.ts";
import {
  type Mode,
  SERVICES,
  type Service,
  seeBitcoin,
  seeStacks,
  spoil,
  toFault,
  toMode,
  toNotBefore,
} from "./upstream-modes.ts";
import { toExpectedBalances, type Wallets } from "./wallets.ts";

/** Who calls: an object's own connections, and what it was told of when to call again. */
export interface Caller {
  clock: Clock;
  inFlight: number;
  notBefore: Map<HostName, number>;
}

export interface UpstreamsDeps {
  seed: number;
  wallets: Wallets;
  said: Said;
  /** Unix milliseconds, as the rebuild reads them. */
  now(): number;
  /** Unix milliseconds that never jump. */
  trueNow(): number;
}

const FEEDS = ["coingecko", "coinbase", "mempool-prices"] as const;
export type Feed = (typeof FEEDS)[number];

const SOURCES: Record<Feed, string> = {
  coingecko: "coingecko",
  coinbase: "coinbase",
  "mempool-prices": "mempool.space",
};
const HOUR_MS = 3_600_000;
const SLOW_MS = 7_000;

function allOk(): Record<Service, Mode> {
  return Object.fromEntries(SERVICES.map((service) => [service, "ok"])) as Record<Service, Mode>;
}

/** Hiro and its node, mempool.space, Blockstream and the price feeds, with holdings and prices that change when told to. */
export class ModelUpstreams {
  modes = allOk();
  /** What stays as it is when everything else is well again: strangers, and hosts that are gone for good. */
  lasting: Partial<Record<Service, Mode>> = {};
  /** Addresses whose answers are always bad. */
  bad = new Set<string>();
  market = { BTC: 100_000, STX: 0.8 };
  /** What a feed makes of the market. */
  factors: Record<Feed, number> = { coingecko: 1, coinbase: 1, "mempool-prices": 1 };
  latencyMs = 20;
  calls = 0;
  callsOf: Record<Service, number> = Object.fromEntries(SERVICES.map((service) => [service, 0])) as Record<
    Service,
    number
  >;

  readonly #deps: UpstreamsDeps;
  readonly #attempts = new Map<string, number>();

  constructor(deps: UpstreamsDeps) {
    this.#deps = deps;
  }

  heal(): void {
    this.modes = { ...allOk(), ...this.lasting };
    this.factors = { coingecko: 1, coinbase: 1, "mempool-prices": 1 };
    this.latencyMs = 20;
  }

  async fetch(host: HostName, path: string, init: RequestInit | undefined, caller: Caller): Promise<Response> {
    const { seed } = this.#deps;
    const service: Service = host === "hiro" && path.startsWith("/v2/") ? "node" : host;
    const attempt = (this.#attempts.get(path) ?? 0) + 1;
    this.#attempts.set(path, attempt);
    this.calls++;
    this.callsOf[service]++;
    const signal = init?.signal ?? undefined;
    const mode = toMode(this.modes[service], seed, path, attempt);
    const latencyMs = mode === "slow" ? SLOW_MS : this.latencyMs + (hash(seed, path, attempt) % 300);
    await wait(caller.clock, latencyMs, signal);
    if (mode === "hangs") await wait(caller.clock, Number.MAX_SAFE_INTEGER, signal);
    if (mode === "network") throw new TypeError("fetch failed");
    const notBefore = toNotBefore(mode, this.#deps.now());
    if (notBefore !== undefined) {
      caller.notBefore.set(host, notBefore);
      if (host === "mempool") caller.notBefore.set("mempool-prices", notBefore);
    }
    return toResponse(this.#answer(host, path, init?.body ? String(init.body) : undefined, mode));
  }

  #answer(host: HostName, path: string, body: string | undefined, mode: Mode): Answer {
    const fault = toFault(mode, path);
    if (fault) return fault;
    const question = parseQuestion(host === "mempool-prices" ? "mempool" : host, path, body);
    if ("address" in question && this.bad.has(question.address)) {
      return toFault(BAD[hash(question.address) % BAD.length] ?? "5xx", path) as Answer;
    }
    const plain = answer(question, this.#groundOf(mode));
    const spoiled = spoil(mode, plain);
    if (spoiled.text === plain.text) this.#remember(question, mode);
    return spoiled;
  }

  #groundOf(mode: Mode): Ground {
    const { wallets } = this.#deps;
    return {
      stacks: (address) => seeStacks(mode, address, wallets.stacks(address)),
      bitcoin: (address) => seeBitcoin(mode, address, wallets.bitcoin(address)),
      quote: (feed, coin) => this.quote(feed, coin, mode),
    };
  }

  quote(feed: Feed, coin: "BTC" | "STX", mode: Mode): { usd: number; at: number } | null {
    if (mode === "no-price") return null;
    const usd = mode === "negative" ? 0 : this.market[coin] * this.factors[feed];
    const nowMs = this.#deps.now();
    return { usd, at: mode === "old" ? nowMs - HOUR_MS : mode === "future" ? nowMs + HOUR_MS : nowMs };
  }

  #remember(question: Question, mode: Mode): void {
    const { said, wallets, trueNow, now } = this.#deps;
    const at = trueNow();
    switch (question.of) {
      case "v1":
      case "v3-ft": // of STX this says nothing, but the route beside it says the same
        said.tellAll(question.address, this.#see(question.address, mode), at);
        break;
      case "v3-stx":
        said.tell(question.address, STX, this.#see(question.address, mode).get(STX) ?? "0", at);
        break;
      case "v3-one-ft":
        said.tell(question.address, SBTC, this.#see(question.address, mode).get(SBTC) ?? "0", at);
        break;
      case "bitcoin": {
        const amount = seeBitcoin(mode, question.address, wallets.bitcoin(question.address));
        said.tell(question.address, BTC, amount.toString(), at);
        break;
      }
      case "coingecko":
        this.#rememberQuote("coingecko", "BTC", mode, now());
        this.#rememberQuote("coingecko", "STX", mode, now());
        break;
      case "coinbase":
        this.#rememberQuote("coinbase", question.coin, mode, now());
        break;
      case "mempool-prices":
        this.#rememberQuote("mempool-prices", "BTC", mode, now());
        break;
    }
  }

  #see(address: string, mode: Mode): ReadonlyMap<string, string> {
    return toExpectedBalances(seeStacks(mode, address, this.#deps.wallets.stacks(address)));
  }

  #rememberQuote(feed: Feed, coin: "BTC" | "STX", mode: Mode, at: number): void {
    const quote = this.quote(feed, coin, mode);
    if (!quote) return;
    const usd = feed === "mempool-prices" ? Math.round(quote.usd) : quote.usd;
    this.#deps.said.tellQuote(PRICED[coin], SOURCES[feed], usd, at);
  }
}

const BAD: readonly Mode[] = ["5xx", "400", "wrong-types", "no-block", "empty"];

/** As much of a Response as the client reads, without streams: thousands of rotations a second are made of these. */
function toResponse({ status, type, text, headers = {} }: Answer): Response {
  let chunks: Uint8Array[] = [ENCODER.encode(text)];
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
  const all: Record<string, string> = { "content-type": type, ...headers };
  const view = { get: (name: string) => all[name] ?? null, [Symbol.iterator]: () => Object.entries(all).values() };
  return { status, headers: view, body } as unknown as Response;
}

const ENCODER = new TextEncoder();

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
