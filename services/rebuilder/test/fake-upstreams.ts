/** Answers as Hiro (v1, v3), mempool.space, CoinGecko and Coinbase do, from plain maps: for tests inside workerd. */
export interface FakeUpstreams {
  fetch: typeof fetch;
  stx: Map<string, string>; // Stacks address -> micro-STX
  tokens: Map<string, Record<string, string>>; // Stacks address -> asset identifier -> amount
  btc: Map<string, number>; // Bitcoin address -> satoshi
  now(): number;
  prices: { btc: number | null; stx: number | null };
  /** Answers instead of the host when it returns a response. */
  intercept: (call: Call) => Response | Promise<Response> | undefined;
  calls: Call[];
  maxInFlight: number;
}

export interface Call {
  host: "hiro" | "mempool" | "coingecko" | "coinbase";
  path: string;
  address: string | undefined;
  headers: Headers;
}

const HOSTS: Record<string, Call["host"]> = {
  "api.hiro.so": "hiro",
  "mempool.space": "mempool",
  "api.coingecko.com": "coingecko",
  "api.coinbase.com": "coinbase",
};

export function createFakeUpstreams(now: () => number = Date.now): FakeUpstreams {
  let inFlight = 0;
  const fake: FakeUpstreams = {
    stx: new Map(),
    tokens: new Map(),
    btc: new Map(),
    now,
    prices: { btc: 100_000, stx: 0.8 },
    intercept: () => undefined,
    calls: [],
    maxInFlight: 0,
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : input);
      const host = HOSTS[url.hostname];
      if (!host) throw new Error(`unexpected call to ${url.hostname}`);
      const address = /\/(?:address|principals)\/([^/]+)/.exec(url.pathname)?.[1];
      const call: Call = { host, path: url.pathname + url.search, address, headers: new Headers(init?.headers) };
      fake.calls.push(call);
      fake.maxInFlight = Math.max(fake.maxInFlight, ++inFlight);
      try {
        await Promise.resolve();
        const response = (await raceAbort(fake.intercept(call), init?.signal)) ?? answer(fake, call, url);
        await Promise.resolve();
        return response;
      } finally {
        inFlight--;
      }
    },
  };
  return fake;
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

function answer(fake: FakeUpstreams, { host, address = "" }: Call, url: URL): Response {
  if (host === "coingecko") {
    const quote = (usd: number | null) => ({ usd, last_updated_at: Math.floor(fake.now() / 1_000) });
    return Response.json({ bitcoin: quote(fake.prices.btc), blockstack: quote(fake.prices.stx) });
  }
  if (host === "coinbase") {
    return Response.json({ data: { amount: String(fake.prices.stx), base: "STX", currency: "USD" } });
  }
  if (url.pathname === "/api/v1/prices") {
    return Response.json({ time: Math.floor(fake.now() / 1_000), USD: fake.prices.btc });
  }
  if (host === "mempool") {
    const funded = fake.btc.get(address) ?? 0;
    const stats = {
      funded_txo_count: 1,
      funded_txo_sum: funded + 500,
      spent_txo_count: 1,
      spent_txo_sum: 500,
      tx_count: 2,
    };
    return Response.json({ address, chain_stats: stats, mempool_stats: stats });
  }
  const balance = fake.stx.get(address) ?? "0";
  const tokens = Object.entries(fake.tokens.get(address) ?? {});
  if (url.pathname.startsWith("/extended/v1/")) {
    return Response.json({
      stx: { balance, locked: "0" },
      fungible_tokens: Object.fromEntries(tokens.map(([id, amount]) => [id, { balance: amount }])),
      non_fungible_tokens: {},
    });
  }
  if (url.pathname.endsWith("/balances/stx")) {
    return Response.json({ balance, available: balance, locked: null, mempool: null });
  }
  const results = tokens
    .filter(([, amount]) => amount !== "0")
    .map(([asset_identifier, amount]) => {
      return { asset_identifier, balance: amount };
    });
  return Response.json({
    total: results.length,
    limit: 200,
    cursor: { next: null, previous: null, current: null },
    results,
  });
}
