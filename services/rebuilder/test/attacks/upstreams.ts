import { c32address } from "c32check";

/**
 * Every host a rebuild may call, answered from plain maps: Hiro (v1, v3, its node), mempool.space, Blockstream,
 * CoinGecko and Coinbase. Each route tells the truth unless `intercept` answers first.
 */
export interface AttackUpstreams {
  fetch: typeof fetch;
  stx: Map<string, string>; // Stacks address -> micro-STX, locked ones included
  tokens: Map<string, Record<string, string>>; // Stacks address -> asset identifier -> amount, as the host spells it
  btc: Map<string, number>; // Bitcoin address -> satoshi
  /** What each feed says; undefined = the feed answers 500. */
  quotes: { coingecko: Quotes; coinbase: Quotes; mempool: Pick<Quotes, "btc"> };
  /** How old CoinGecko and mempool.space say that their quotes are. */
  quoteAgeMs: number;
  /** Answers instead of the host when it returns a response. */
  intercept: (call: Call) => Response | Promise<Response> | undefined;
  calls: Call[];
}

export interface Quotes {
  btc: number | undefined;
  stx: number | undefined;
}

export type Host = "hiro" | "mempool" | "blockstream" | "coingecko" | "coinbase";

export interface Call {
  host: Host;
  /** balance: the ordinary question about an agent. witness: the same asked another way. */
  kind: "balance" | "witness" | "price" | "other";
  path: string;
  address: string; // principal or Bitcoin address, "" when the call names none
  at: number;
}

const HOSTS: Record<string, Host> = {
  "api.hiro.so": "hiro",
  "mempool.space": "mempool",
  "blockstream.info": "blockstream",
  "api.coingecko.com": "coingecko",
  "api.coinbase.com": "coinbase",
};

export function createAttackUpstreams(now: () => number): AttackUpstreams {
  const world: AttackUpstreams = {
    stx: new Map(),
    tokens: new Map(),
    btc: new Map(),
    quotes: {
      coingecko: { btc: 100_000, stx: 0.8 },
      coinbase: { btc: 100_000, stx: 0.8 },
      mempool: { btc: 100_000 },
    },
    quoteAgeMs: 0,
    intercept: () => undefined,
    calls: [],
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : String(input));
      const body = typeof init?.body === "string" ? init.body : input instanceof Request ? await input.text() : "";
      const call = toCall(url, body, now());
      world.calls.push(call);
      await Promise.resolve();
      const response = (await raceAbort(world.intercept(call), init?.signal)) ?? answer(world, call, url, now());
      await Promise.resolve();
      return response;
    },
  };
  return world;
}

/** All balance questions of one lane, however they are asked. */
export function isAbout(lane: "stacks" | "bitcoin", { host, kind }: Call): boolean {
  return kind === "balance" && host === (lane === "stacks" ? "hiro" : "mempool");
}

function toCall(url: URL, body: string, at: number): Call {
  const host = HOSTS[url.hostname];
  if (!host) throw new TypeError(`no such host in these tests: ${url.hostname}`);
  const path = url.pathname + url.search;
  const named = /\/(?:address|principals|accounts)\/([^/?]+)/.exec(url.pathname)?.[1] ?? "";
  if (url.pathname.startsWith("/v2/contracts/call-read/")) {
    return { host, kind: "witness", path, address: toPrincipal(body), at };
  }
  if (host === "blockstream" || url.pathname.startsWith("/v2/accounts/")) {
    return { host, kind: "witness", path, address: named, at };
  }
  if (/\/balances\/ft\/.+/.test(url.pathname)) return { host, kind: "witness", path, address: named, at };
  if (named !== "") return { host, kind: "balance", path, address: named, at };
  const isPrice = host === "coingecko" || host === "coinbase" || url.pathname.endsWith("/v1/prices");
  return { host, kind: isPrice ? "price" : "other", path, address: "", at };
}

/** The principal in a read-only call's arguments: 0x05, its version, its hash. */
function toPrincipal(body: string): string {
  const hex = /"0x05([0-9a-f]{2})([0-9a-f]{40})"/.exec(body);
  return hex?.[1] && hex[2] ? c32address(Number.parseInt(hex[1], 16), hex[2]) : "";
}

async function raceAbort(
  response: Response | Promise<Response> | undefined,
  signal: AbortSignal | null | undefined,
): Promise<Response | undefined> {
  if (!(response instanceof Promise) || !signal) return response;
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(new DOMException("aborted", "AbortError"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
  });
  return Promise.race([response, aborted]);
}

function answer(world: AttackUpstreams, call: Call, url: URL, nowMs: number): Response {
  if (call.host === "coingecko" || call.host === "coinbase" || url.pathname.endsWith("/v1/prices")) {
    return answerPrice(world, call.host, url, nowMs);
  }
  if (call.host === "mempool" || call.host === "blockstream") return answerBitcoin(world, call.address);
  if (url.pathname.startsWith("/v2/")) return answerNode(world, call.address, url);
  return answerHiro(world, call.address, url);
}

function answerPrice({ quotes, quoteAgeMs }: AttackUpstreams, host: Host, url: URL, nowMs: number): Response {
  const time = Math.floor((nowMs - quoteAgeMs) / 1_000);
  if (host === "coingecko") {
    const { btc, stx } = quotes.coingecko;
    if (btc === undefined && stx === undefined) return new Response("", { status: 500 });
    const toEntry = (usd: number | undefined) => ({ usd: usd ?? null, last_updated_at: time });
    return Response.json({ bitcoin: toEntry(btc), blockstack: toEntry(stx) });
  }
  if (host === "coinbase") {
    const base = url.pathname.includes("BTC-USD") ? "BTC" : "STX";
    const usd = base === "BTC" ? quotes.coinbase.btc : quotes.coinbase.stx;
    if (usd === undefined) return new Response("", { status: 500 });
    return Response.json({ data: { amount: String(usd), base, currency: "USD" } });
  }
  if (quotes.mempool.btc === undefined) return new Response("", { status: 500 });
  return Response.json({ time, USD: quotes.mempool.btc });
}

function answerBitcoin({ btc }: AttackUpstreams, address: string): Response {
  const spent = 500;
  const stats = {
    funded_txo_count: 1,
    funded_txo_sum: (btc.get(address) ?? 0) + spent,
    spent_txo_count: 1,
    spent_txo_sum: spent,
    tx_count: 2,
  };
  const none = { funded_txo_count: 0, funded_txo_sum: 0, spent_txo_count: 0, spent_txo_sum: 0, tx_count: 0 };
  return Response.json({ address, chain_stats: stats, mempool_stats: none });
}

/** The node's own view: what the account holds beside what is locked, and what a token contract says. */
function answerNode(world: AttackUpstreams, address: string, url: URL): Response {
  const toHex = (amount: bigint) => amount.toString(16).padStart(32, "0");
  if (url.pathname.startsWith("/v2/accounts/")) {
    const balance = `0x${toHex(BigInt(world.stx.get(address) ?? "0"))}`;
    return Response.json({ balance, locked: `0x${toHex(0n)}`, unlock_height: 0, nonce: 0 });
  }
  const [contractAddress, contractName] = url.pathname.split("/").slice(4, 6);
  const held = Object.entries(world.tokens.get(address) ?? {});
  const own = held.find(([asset]) => asset.startsWith(`${contractAddress}.${contractName}::`));
  return Response.json({ okay: true, result: `0x0701${toHex(BigInt(own?.[1] ?? "0"))}` });
}

function answerHiro(world: AttackUpstreams, address: string, url: URL): Response {
  const balance = world.stx.get(address) ?? "0";
  const held = Object.entries(world.tokens.get(address) ?? {});
  if (url.pathname.startsWith("/extended/v1/")) {
    return Response.json({
      stx: { balance, locked: "0" },
      fungible_tokens: Object.fromEntries(held.map(([asset, amount]) => [asset, { balance: amount }])),
      non_fungible_tokens: {},
    });
  }
  if (url.pathname.endsWith("/balances/stx")) {
    return Response.json({ balance, available: balance, locked: null, mempool: null });
  }
  const asset = /\/balances\/ft\/(.+)$/.exec(decodeURIComponent(url.pathname))?.[1];
  if (asset !== undefined) {
    return Response.json({ asset_identifier: asset, balance: world.tokens.get(address)?.[asset] ?? "0" });
  }
  const results = held
    .filter(([, amount]) => amount !== "0")
    .map(([asset_identifier, amount]) => ({ asset_identifier, balance: amount }));
  const cursor = { next: null, previous: null, current: null };
  return Response.json({ total: results.length, limit: 200, cursor, results });
}
