import { Hono } from "hono";
import { findToken, TOKENS, toContractId } from "./tokens.ts";
import type { HostEnv } from "./view.ts";
import type { World } from "./world.ts";

/** CoinGecko's ids. STX is still listed under its first name. */
const COINGECKO_IDS: Record<string, string> = {
  bitcoin: "BTC",
  blockstack: "STX",
  alexgo: "SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.token-alex",
  velar: "SP1Y5YSTAHZ88XYK1VPDH24GY0HPX5J4JECTMY4A1.velar-token",
};

export function createCoinGeckoApp(world: World): Hono<HostEnv> {
  const app = new Hono<HostEnv>();
  app.get("/simple/price", (c) => {
    const { ids, vs_currencies: currencies, include_last_updated_at: includeTime } = c.req.query();
    if (!ids) return c.json({ error: "Missing parameter ids" }, 422);
    if (!currencies) return c.json({ error: "Missing parameter vs_currencies" }, 422);
    const answer: Record<string, Record<string, number | null>> = {};
    for (const id of ids.split(",").map((part) => part.trim())) {
      const asset = COINGECKO_IDS[id];
      if (asset === undefined) continue; // an unknown id is left out, with status 200
      const { usd, at } = world.prices.getQuote(asset, "coingecko");
      answer[id] = {
        ...(currencies.split(",").includes("usd") ? { usd } : {}),
        ...(includeTime === "true" ? { last_updated_at: Math.floor(at / 1_000) } : {}),
      };
    }
    return c.json(answer);
  });
  app.notFound((c) => c.json({ error: "Incorrect path. Please check https://www.coingecko.com/api/" }, 404));
  return app;
}

export function createCoinbaseApp(world: World): Hono<HostEnv> {
  const app = new Hono<HostEnv>();
  app.get("/prices/:pair/spot", (c) => {
    const [base = "", currency] = c.req.param("pair").split("-");
    const price = base === "BTC" || base === "STX" ? world.prices.getQuote(base, "coinbase").usd : null;
    if (price === null || currency !== "USD") {
      return c.json({ errors: [{ id: "not_found", message: "Invalid base currency" }] }, 404);
    }
    return c.json({ data: { amount: String(price), base, currency } });
  });
  app.notFound((c) => c.json({ errors: [{ id: "not_found", message: "Not found" }] }, 404));
  return app;
}

export function createAlexApp(world: World): Hono<HostEnv> {
  const app = new Hono<HostEnv>();
  app.get("/v2/public/token-prices", (c) => {
    const data = TOKENS.filter((token) => token.alexLists).flatMap((token) => {
      const contractId = toContractId(token.assetId);
      const price = world.prices.getQuote(contractId, "alex").usd;
      return price === null ? [] : [{ contract_id: contractId, last_price_usd: price }];
    });
    return c.json({ data });
  });
  app.notFound((c) => c.json({ message: "Not Found" }, 404));
  return app;
}

/** price_usd 0 means that there is no price. */
export function createTeneroApp(world: World): Hono<HostEnv> {
  const app = new Hono<HostEnv>();
  app.use(async (c, next) => {
    await next();
    c.res.headers.set("x-ratelimit-type", "web-ui-ip");
    c.res.headers.set("x-ratelimit-minute-remaining", "99");
    c.res.headers.set("x-ratelimit-month-remaining", "49999");
  });
  app.get("/stacks/tokens/:id", (c) => {
    const id = c.req.param("id");
    const token = id === "stx" ? { symbol: "STX", name: "Stacks", decimals: 6 } : findToken(id);
    if (!token) return c.json({ statusCode: 404, message: "Token not found", data: null }, 404);
    const price = world.prices.getQuote(id === "stx" ? "STX" : id, "tenero").usd;
    const { symbol, name, decimals } = token;
    return c.json({
      statusCode: 200,
      message: "Success",
      data: { address: id, symbol, name, decimals, price_usd: price },
    });
  });
  app.notFound((c) => c.json({ statusCode: 404, message: `Cannot GET ${c.req.path}` }, 404));
  return app;
}
