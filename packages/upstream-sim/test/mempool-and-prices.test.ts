import { createRoster, TOKENS } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const UNUSED = "bc1qkljqd65ax6mdpyzm9c2r8scg8euymkfqauukae";
const addresses = createRoster({ agents: 300 }).agents.map((agent) => agent.btcAddress);

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterEach(() => {
  upstream.unpinHoldings();
  upstream.unpinPrices();
});
afterAll(() => upstream.close());

describe("address statistics", () => {
  it("answers with lifetime sums as numbers, never more spent than funded", async () => {
    for (const address of addresses) {
      const answer = await getJson<AddressStats>("MEMPOOL", `/address/${address}`);
      expect(answer.address).toBe(address);
      for (const sums of [answer.chain_stats, answer.mempool_stats]) {
        expect(Object.keys(sums)).toEqual(SUMS);
        expect(Object.values(sums).every(Number.isSafeInteger)).toBe(true);
      }
      const { funded_txo_count, funded_txo_sum, spent_txo_count, spent_txo_sum } = answer.chain_stats;
      expect(funded_txo_sum).toBeGreaterThanOrEqual(spent_txo_sum);
      expect(funded_txo_count).toBeGreaterThanOrEqual(spent_txo_count);
    }
  });

  it("covers the cases that matter: never used, emptied, a pending spend", async () => {
    const all = await Promise.all(addresses.map((a) => getJson<AddressStats>("MEMPOOL", `/address/${a}`)));
    const balances = all.map((a) => a.chain_stats.funded_txo_sum - a.chain_stats.spent_txo_sum);
    const deltas = all.map((a) => a.mempool_stats.funded_txo_sum - a.mempool_stats.spent_txo_sum);
    expect(all.some((a) => a.chain_stats.tx_count === 0)).toBe(true);
    expect(all.some((a, i) => a.chain_stats.tx_count > 0 && balances[i] === 0)).toBe(true);
    expect(deltas.some((delta) => delta < 0)).toBe(true);
    expect(balances.filter((balance) => balance > 0).length).toBeGreaterThan(100);
  });

  it("echoes the address as given and treats capitals as the same address", async () => {
    upstream.pinHoldings(UNUSED, { sats: "4200" });
    const answer = await getJson<AddressStats>("MEMPOOL", `/address/${UNUSED.toUpperCase()}`);
    expect(answer.address).toBe(UNUSED.toUpperCase());
    expect(answer.chain_stats.funded_txo_sum - answer.chain_stats.spent_txo_sum).toBe(4200);
  });

  it("writes sums past 2^53 as exact numbers", async () => {
    upstream.pinHoldings(UNUSED, { sats: "1", turnoverSats: "9007199254740992", pendingSats: "-1" });
    const text = await (await fetch(`${upstream.baseUrls.MEMPOOL_API_URL}/address/${UNUSED}`)).text();
    expect(text).toContain('"funded_txo_sum":9007199254740993,');
    expect(text).toContain('"spent_txo_sum":9007199254740992,');
    expect(text).toContain('"mempool_stats":{"funded_txo_count":0,"funded_txo_sum":0,"spent_txo_count":1,');
  });

  it.each([
    ["nonsense", "Invalid Bitcoin address"],
    ["bc1qkljqd65ax6mdpyzm9c2r8scg8euymkfqauukaf", "Invalid Bitcoin address"],
    ["SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE", "Invalid Bitcoin address"],
    ["tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "Address on invalid network"],
  ])("rejects %s in plain text", async (address, message) => {
    const response = await fetch(`${upstream.baseUrls.MEMPOOL_API_URL}/address/${address}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toBe(message);
  });
});

describe("Blockstream's explorer", () => {
  it("has the same answers as mempool.space, refusals included", async () => {
    for (const address of [...addresses.slice(0, 60), "nonsense", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"]) {
      const [mempool, blockstream] = await Promise.all(
        (["MEMPOOL", "BLOCKSTREAM"] as const).map((host) =>
          fetch(`${upstream.baseUrls[`${host}_API_URL`]}/address/${address}`),
        ),
      );
      expect(blockstream?.status).toBe(mempool?.status);
      expect(await blockstream?.text()).toBe(await mempool?.text());
    }
  });

  it("has no prices", async () => {
    expect((await fetch(`${upstream.baseUrls.BLOCKSTREAM_API_URL}/v1/prices`)).status).toBe(404);
  });
});

describe("price feeds", () => {
  it("agree within half a percent at every step, and move", async () => {
    const seen = new Set<number>();
    for (let n = 0; n < 40; n++) {
      const gecko = await getJson<GeckoPrices>("COINGECKO", GECKO_QUERY);
      const mempool = await getJson<{ USD: number }>("MEMPOOL", "/v1/prices");
      const btc = Number((await getSpot("BTC")).amount);
      const stx = Number((await getSpot("STX")).amount);
      for (const other of [mempool.USD, btc]) expect(Math.abs(other / gecko.bitcoin.usd - 1)).toBeLessThan(0.005);
      expect(Math.abs(stx / gecko.blockstack.usd - 1)).toBeLessThan(0.005);
      expect(Math.abs(gecko.bitcoin.usd / 98_000 - 1)).toBeLessThan(0.05);
      expect(Math.abs(gecko.blockstack.usd / 0.85 - 1)).toBeLessThan(0.05);
      seen.add(gecko.bitcoin.usd);
      upstream.advance(1);
    }
    expect(seen.size).toBeGreaterThan(30);
  });

  it("have each vendor's shape", async () => {
    const gecko = await getJson<Record<string, object>>("COINGECKO", `${GECKO_QUERY}&include_last_updated_at=true`);
    expect(gecko).toEqual({
      bitcoin: { usd: expect.any(Number), last_updated_at: expect.any(Number) },
      blockstack: { usd: expect.any(Number), last_updated_at: expect.any(Number) },
    });
    expect(Object.keys(await getJson<object>("MEMPOOL", "/v1/prices"))).toEqual(
      "time USD EUR GBP CAD CHF AUD JPY".split(" "),
    );
    expect(await getSpot("STX")).toEqual({ amount: expect.stringMatching(/^0\.\d+$/), base: "STX", currency: "USD" });
    const alex = await getJson<{ data: object[] }>("ALEX", "/v2/public/token-prices");
    expect(alex.data[0]).toEqual({ contract_id: expect.any(String), last_price_usd: expect.any(Number) });
    expect(await getJson("TENERO", "/stacks/tokens/stx")).toEqual({
      statusCode: 200,
      message: "Success",
      data: { address: "stx", symbol: "STX", name: "Stacks", decimals: 6, price_usd: expect.any(Number) },
    });
  });

  it("leave unknown CoinGecko ids out and give 0 for what Tenero has no price of", async () => {
    expect(await getJson("COINGECKO", "/simple/price?ids=bitcoin,stacks&vs_currencies=usd")).not.toHaveProperty(
      "stacks",
    );
    const usda = TOKENS.find((token) => token.symbol === "USDA")?.assetId.split("::")[0];
    expect(await getJson("TENERO", `/stacks/tokens/${usda}`)).toMatchObject({ data: { price_usd: 0 } });
  });

  it("can be told apart, each with the time that it gives", async () => {
    upstream.pinPrices({
      BTC: 100_000,
      STX: 0.8,
      sources: {
        coingecko: { BTC: { usd: 90_000, at: 1_700_000_000_000 }, STX: null },
        mempool: { BTC: { usd: 110_000, at: 1_800_000_000_000 } },
        coinbase: { STX: 0.7 },
      },
    });
    expect(await getJson("COINGECKO", `${GECKO_QUERY}&include_last_updated_at=true`)).toEqual({
      bitcoin: { usd: 90_000, last_updated_at: 1_700_000_000 },
      blockstack: { usd: null, last_updated_at: expect.any(Number) },
    });
    expect(await getJson("MEMPOOL", "/v1/prices")).toMatchObject({ USD: 110_000, time: 1_800_000_000 });
    expect(await getSpot("BTC")).toEqual({ amount: "100000", base: "BTC", currency: "USD" });
    expect((await getSpot("STX")).amount).toBe("0.7");
  });

  it("take a pinned price, and its absence, on all feeds at once", async () => {
    upstream.pinPrices({ BTC: 50_000.5, STX: null });
    expect(await getJson("COINGECKO", GECKO_QUERY)).toEqual({ bitcoin: { usd: 50_000.5 }, blockstack: { usd: null } });
    expect((await getSpot("BTC")).amount).toBe("50000.5");
    expect((await fetch(`${upstream.baseUrls.COINBASE_API_URL}/prices/STX-USD/spot`)).status).toBe(404);
  });
});

const SUMS = ["funded_txo_count", "funded_txo_sum", "spent_txo_count", "spent_txo_sum", "tx_count"];
const GECKO_QUERY = "/simple/price?ids=bitcoin,blockstack&vs_currencies=usd";

type Sums = Record<"funded_txo_count" | "funded_txo_sum" | "spent_txo_count" | "spent_txo_sum" | "tx_count", number>;
interface AddressStats {
  address: string;
  chain_stats: Sums;
  mempool_stats: Sums;
}
interface GeckoPrices {
  bitcoin: { usd: number };
  blockstack: { usd: number };
}

async function getJson<T>(host: "MEMPOOL" | "COINGECKO" | "COINBASE" | "ALEX" | "TENERO", path: string): Promise<T> {
  const response = await fetch(upstream.baseUrls[`${host}_API_URL`] + path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("application/json");
  return (await response.json()) as T;
}

async function getSpot(base: string): Promise<{ amount: string }> {
  return (await getJson<{ data: { amount: string } }>("COINBASE", `/prices/${base}-USD/spot`)).data;
}
