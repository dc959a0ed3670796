import {
  createHostileTokens,
  createHosts,
  createRoster,
  createUpstreamFetch,
  createWorld,
  SBTC_ASSET_ID,
  type UpstreamFetch,
  type World,
} from "@standings/upstream-sim";
import { c32addressDecode } from "c32check";
import { beforeEach, describe, expect, it } from "vitest";

// This suite runs inside workerd: it proves that the hosts need nothing of Node.

const ANYONE = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
const BITCOIN = "bc1qkljqd65ax6mdpyzm9c2r8scg8euymkfqauukae";
const NOW = Date.UTC(2026, 10, 24);
const URLS = {
  hiro: "https://api.hiro.so",
  mempool: "https://mempool.space/api",
  blockstream: "https://blockstream.info/api/",
  coingecko: "https://api.coingecko.com/api/v3",
  coinbase: "https://api.coinbase.com/v2",
};
const V1 = `${URLS.hiro}/extended/v1/address/${ANYONE}/balances`;
const V3 = `${URLS.hiro}/extended/v3/principals/${ANYONE}/balances`;
const GECKO = `${URLS.coingecko}/simple/price?ids=bitcoin,blockstack&vs_currencies=usd&include_last_updated_at=true`;

let world: World;
let upstream: UpstreamFetch;
beforeEach(() => {
  world = createWorld({ populated: false, clock: () => NOW });
  upstream = createUpstreamFetch(createHosts(world), URLS);
});

it("runs inside workerd", () => {
  expect(navigator.userAgent).toBe("Cloudflare-Workers");
});

describe("a world without a population", () => {
  it("holds nothing and quotes the same price at every source and step", async () => {
    expect(await readJson(V1)).toMatchObject({ stx: { balance: "0", locked: "0" }, fungible_tokens: {} });
    expect(await readJson(`${URLS.mempool}/address/${BITCOIN}`)).toEqual({
      address: BITCOIN,
      chain_stats: NO_TXOS,
      mempool_stats: NO_TXOS,
    });
    world.advance(1_000);
    const gecko = await readJson<Record<string, { usd: number }>>(GECKO);
    expect(await readJson(`${URLS.mempool}/v1/prices`)).toMatchObject({ USD: gecko.bitcoin?.usd });
    expect(await readJson(`${URLS.coinbase}/prices/STX-USD/spot`)).toEqual({
      data: { amount: String(gecko.blockstack?.usd), base: "STX", currency: "USD" },
    });
  });

  it("holds what is set, the same on every route, until it is taken away", async () => {
    world.holdings.stx.set(ANYONE, { balance: 1_000n, locked: 400 });
    world.holdings.tokens.set(ANYONE, { [SBTC_ASSET_ID]: "700" });
    expect(await readJson(V1)).toMatchObject({
      stx: { balance: "1000", locked: "400" },
      fungible_tokens: { [SBTC_ASSET_ID]: { balance: "700" } },
    });
    expect(await readJson(`${V3}/stx`)).toMatchObject({ balance: "1000", available: "600", locked: { amount: "400" } });
    expect(await readJson(`${V3}/ft?limit=200`)).toMatchObject({
      results: [{ asset_identifier: SBTC_ASSET_ID, balance: "700" }],
    });
    expect(await readJson(`${V3}/ft/${encodeURIComponent(SBTC_ASSET_ID)}`)).toMatchObject({ balance: "700" });
    expect(await readJson(`${URLS.hiro}/v2/accounts/${ANYONE}?proof=0`)).toMatchObject({
      balance: `0x${"258".padStart(32, "0")}`,
      locked: `0x${"190".padStart(32, "0")}`,
    });
    expect(await callGetBalance()).toEqual({ okay: true, result: `0x0701${"2bc".padStart(32, "0")}` });
    world.holdings.stx.clear();
    world.holdings.tokens.clear();
    expect(await readJson(V1)).toMatchObject({ stx: { balance: "0" }, fungible_tokens: {} });
  });

  it("takes one amount as STX, and leaves the tokens alone", async () => {
    world.holdings.tokens.set(ANYONE, { [SBTC_ASSET_ID]: 1 });
    world.holdings.stx.set(ANYONE, "340282366920938463463374607431768211455");
    expect(await readJson(V1)).toMatchObject({
      stx: { balance: "340282366920938463463374607431768211455" },
      fungible_tokens: { [SBTC_ASSET_ID]: { balance: "1" } },
    });
  });

  it("takes lifetime sums or one amount as Bitcoin", async () => {
    world.holdings.btc.set(BITCOIN, { funded: 900, spent: 300, pendingSpent: 20 });
    for (const url of [URLS.mempool, URLS.blockstream.slice(0, -1)]) {
      expect(await readJson(`${url}/address/${BITCOIN}`)).toMatchObject({
        chain_stats: { funded_txo_sum: 900, spent_txo_sum: 300 },
        mempool_stats: { funded_txo_sum: 0, spent_txo_sum: 20 },
      });
    }
    world.holdings.btc.set(BITCOIN, 5);
    expect(await readJson(`${URLS.mempool}/address/${BITCOIN}`)).toMatchObject({
      chain_stats: { funded_txo_sum: 5, spent_txo_sum: 0 },
    });
  });

  it("serves the text of a hostile amount, and the node an error for it", async () => {
    const tokens = { ...createHostileTokens("letters"), ...createHostileTokens("long"), [SBTC_ASSET_ID]: "-5" };
    world.holdings.tokens.set(ANYONE, tokens);
    const { fungible_tokens } = await readJson<{ fungible_tokens: Record<string, { balance: string }> }>(V1);
    expect(Object.fromEntries(Object.entries(fungible_tokens).map(([id, { balance }]) => [id, balance]))).toEqual(
      tokens,
    );
    expect(await callGetBalance()).toEqual({ okay: true, result: `0x0801${"1".padStart(32, "0")}` });
  });

  it("knows the contract of every token that somebody is set to hold", async () => {
    const asset = `${ANYONE}.mine::mine`;
    expect(await callGetBalance(asset)).toMatchObject({ okay: false });
    world.holdings.tokens.set(createRoster({ agents: 1 }).agents[0]?.stxAddress ?? "", { [asset]: "1" });
    expect(await callGetBalance(asset)).toMatchObject({ okay: true });
  });

  it("quotes what is pinned, by source and with its time", async () => {
    world.prices.pin({ BTC: 100_000, STX: null, sources: { coingecko: { BTC: { usd: 90_000, at: NOW - 60_000 } } } });
    expect(await readJson(GECKO)).toEqual({
      bitcoin: { usd: 90_000, last_updated_at: (NOW - 60_000) / 1_000 },
      blockstack: { usd: null, last_updated_at: expect.any(Number) },
    });
    expect(await readJson(`${URLS.mempool}/v1/prices`)).toMatchObject({ USD: 100_000, time: NOW / 1_000 });
    expect((await upstream.fetch(`${URLS.coinbase}/prices/STX-USD/spot`)).status).toBe(404);
  });
});

it("a populated world gives the same agents the same holdings, and moves with the clock", async () => {
  const read = async (nowMs: number) => {
    const populated = createUpstreamFetch(createHosts(createWorld({ clock: () => nowMs })), URLS);
    const urls = createRoster({ agents: 20 }).agents.flatMap(({ stxAddress, btcAddress }) => [
      `${URLS.hiro}/extended/v1/address/${stxAddress}/balances`,
      `${URLS.mempool}/address/${btcAddress}`,
    ]);
    return Promise.all(urls.map(async (url) => (await populated.fetch(url)).text()));
  };
  expect(await read(NOW)).toEqual(await read(NOW));
  expect(await read(NOW + 86_400_000)).not.toEqual(await read(NOW));
});

describe("the calls", () => {
  it("are kept with host, path under the base URL, address, headers and body", async () => {
    await upstream.fetch(V1, { headers: { "X-Api-Key": "k" } });
    await upstream.fetch(`${URLS.mempool}/address/${BITCOIN}`);
    await upstream.fetch(`${URLS.blockstream}address/${BITCOIN}`);
    await upstream.fetch(`${URLS.mempool}/v1/prices?x=1`);
    await callGetBalance();
    expect(upstream.calls.map(({ host, method, path, address }) => [host, method, path, address])).toEqual([
      ["hiro", "GET", `/extended/v1/address/${ANYONE}/balances`, ANYONE],
      ["mempool", "GET", `/address/${BITCOIN}`, BITCOIN],
      ["blockstream", "GET", `/address/${BITCOIN}`, BITCOIN],
      ["mempool", "GET", "/v1/prices?x=1", undefined],
      ["hiro", "POST", expect.stringMatching(/^\/v2\/contracts\/call-read\/.*\/get-balance$/), ANYONE],
    ]);
    expect(upstream.calls[0]?.headers.get("x-api-key")).toBe("k");
    expect(upstream.calls.at(-1)?.body).toContain(ANYONE);
  });

  it("go to the host whose base URL says most of the URL, and never to one that it only begins like", async () => {
    const nested = { mempool: "http://sim/a", coinbase: "http://sim/a/b", hiro: "http://sim/abc" };
    upstream = createUpstreamFetch(createHosts(world), nested);
    upstream.intercept = () => new Response("");
    for (const path of ["/a/x", "/a/b/x", "/abc/x", "/ab/x"]) await upstream.fetch(`http://sim${path}`);
    expect(upstream.calls.map(({ host, path }) => `${host} ${path}`)).toEqual([
      "mempool /x",
      "coinbase /x",
      "hiro /x",
      "other /ab/x",
    ]);
  });

  it("throw when they go to no host, unless the test answers", async () => {
    await expect(upstream.fetch("https://example.com/beat?token=1")).rejects.toThrow("under no host's base URL");
    upstream.intercept = ({ host, path }) => (host === "other" ? new Response(path) : undefined);
    expect(await (await upstream.fetch("https://example.com/beat?token=1")).text()).toBe("/beat?token=1");
    expect((await upstream.fetch(V1)).status).toBe(200);
  });

  it("are counted while they are under way, in all and for each host", async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    upstream.intercept = () => released.then(() => new Response(""));
    const calls = [V1, V1, V1, `${URLS.mempool}/address/${BITCOIN}`].map((url) => upstream.fetch(url));
    release();
    await Promise.all(calls);
    upstream.intercept = () => undefined;
    await upstream.fetch(V1);
    expect([upstream.maxInFlight, upstream.maxInFlightOf.hiro, upstream.maxInFlightOf.mempool]).toEqual([4, 3, 1]);
  });

  it.each(["at once", "later"])("end when the caller gives up %s, whatever keeps them waiting", async (when) => {
    const giveUp = async () => {
      const controller = new AbortController();
      const call = upstream.fetch(V1, { signal: controller.signal });
      if (when === "later") await new Promise((resolve) => setTimeout(resolve));
      controller.abort();
      await expect(call).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    };
    upstream.intercept = () => new Promise(() => {});
    await giveUp();
    upstream.intercept = () => undefined;
    upstream.faults.set([{ kind: "timeout" }]);
    await giveUp();
  });
});

describe("fault rules", () => {
  it("spoil answers as they do over the network", async () => {
    upstream.faults.set([{ kind: "429", host: "hiro", pathRegex: "/balances/ft", retryAfter: "30" }]);
    const response = await upstream.fetch(`${V3}/ft?limit=200`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "30"]);
    expect((await upstream.fetch(`${V3}/stx`)).status).toBe(200);
    upstream.faults.set([{ kind: "reset" }]);
    await expect(upstream.fetch(V1)).rejects.toThrow(TypeError);
    upstream.faults.set([{ kind: "truncated-json" }]);
    await expect((await upstream.fetch(V1)).json()).rejects.toThrow(SyntaxError);
    upstream.faults.set([{ kind: "slow-body", overMs: 20 }]);
    expect(await readJson(V1)).toHaveProperty("fungible_tokens");
  });

  it("let one route forget what the others know", async () => {
    world.holdings.tokens.set(ANYONE, { [SBTC_ASSET_ID]: "700" });
    upstream.faults.set([{ kind: "forgets", host: "hiro", pathPrefix: "/extended/v1/", what: ["tokens"] }]);
    expect(await readJson(V1)).toMatchObject({ fungible_tokens: {} });
    expect(await callGetBalance()).toEqual({ okay: true, result: `0x0701${"2bc".padStart(32, "0")}` });
  });
});

const NO_TXOS = { funded_txo_count: 0, funded_txo_sum: 0, spent_txo_count: 0, spent_txo_sum: 0, tx_count: 0 };

async function readJson<T = unknown>(url: string): Promise<T> {
  const response = await upstream.fetch(url);
  expect(response.status).toBe(200);
  return response.json();
}

async function callGetBalance(asset = SBTC_ASSET_ID): Promise<unknown> {
  const [version, hash] = c32addressDecode(ANYONE);
  const response = await upstream.fetch(
    `${URLS.hiro}/v2/contracts/call-read/${asset.split("::")[0]?.replace(".", "/")}/get-balance`,
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sender: ANYONE, arguments: [`0x05${version.toString(16).padStart(2, "0")}${hash}`] }),
    },
  );
  return response.json();
}
