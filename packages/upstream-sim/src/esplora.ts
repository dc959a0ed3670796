import { Hono } from "hono";
import { parseBitcoinAddress } from "./bitcoin-address.ts";
import type { BitcoinHoldings, TxoSums } from "./bitcoin-holdings.ts";
import { type HostEnv, readBitcoin } from "./view.ts";
import type { World } from "./world.ts";

/** Fixed rates: only USD is of interest here. */
const RATES = { EUR: 0.86, GBP: 0.76, CAD: 1.4, CHF: 0.8, AUD: 1.53, JPY: 155 };

export function createMempoolApp(world: World): Hono<HostEnv> {
  const app = new Hono<HostEnv>();
  addAddressRoute(app, world);

  app.get("/v1/prices", (c) => {
    const { usd, at } = world.prices.getQuote("BTC", "mempool");
    const rates = Object.entries(RATES).map(([currency, rate]) => [
      currency,
      usd === null ? -1 : Math.round(usd * rate),
    ]);
    return c.json({
      time: Math.floor(at / 1_000),
      USD: usd === null ? -1 : Math.round(usd),
      ...Object.fromEntries(rates),
    });
  });

  app.notFound((c) => c.text("endpoint does not exist", 404));
  return app;
}

/** Blockstream's explorer: the same index, asked by nobody else. */
export function createBlockstreamApp(world: World): Hono<HostEnv> {
  const app = new Hono<HostEnv>();
  addAddressRoute(app, world);
  app.notFound((c) => c.text("endpoint does not exist", 404));
  return app;
}

function addAddressRoute(app: Hono<HostEnv>, world: World): void {
  app.get("/address/:address", (c) => {
    const address = c.req.param("address");
    const parsed = parseBitcoinAddress(address);
    if (!parsed) return text("Invalid Bitcoin address");
    if (parsed.network !== "mainnet") return text("Address on invalid network");
    return new Response(formatAddress(address, readBitcoin(world, c, parsed.canonical)), {
      headers: { "content-type": "application/json", "cache-control": "public, max-age=1" },
    });
  });
}

function text(body: string): Response {
  return new Response(body, { status: 400, headers: { "content-type": "text/plain" } });
}

/** Sums are numbers on the wire even past 2^53, so the text is put together by hand. */
function formatAddress(address: string, holdings: BitcoinHoldings): string {
  const { chain, mempool } = holdings;
  return `{"address":${JSON.stringify(address)},"chain_stats":${formatSums(chain)},"mempool_stats":${formatSums(mempool)}}`;
}

function formatSums(sums: TxoSums): string {
  return (
    `{"funded_txo_count":${sums.fundedCount},"funded_txo_sum":${sums.fundedSum},` +
    `"spent_txo_count":${sums.spentCount},"spent_txo_sum":${sums.spentSum},"tx_count":${sums.txCount}}`
  );
}
