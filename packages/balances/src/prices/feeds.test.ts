import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRig, json, rateLimited } from "../../test/rig.ts";
import { BTC, STX } from "../tokens/assets.ts";
import { fetchQuotes, MAX_PRICE_CALLS } from "./feeds.ts";
import { MAX_QUOTE_AGE_MS } from "./quote.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const SECONDS = NOW / 1_000;

describe("fetchQuotes", () => {
  it("takes CoinGecko's and Coinbase's quotes, the preferred source first, with the time they were true", async () => {
    const { quotes, paths } = await ask(feeds());
    expect(quotes).toEqual({
      [BTC]: [
        { priceUsd: 100_000, pricedAt: NOW - 60_000, source: "coingecko" },
        { priceUsd: 101_000, pricedAt: NOW, source: "coinbase" },
      ],
      [STX]: [
        { priceUsd: 0.8, pricedAt: NOW - 60_000, source: "coingecko" },
        { priceUsd: 0.81, pricedAt: NOW, source: "coinbase" },
      ],
    });
    expect(paths.length).toBe(3);
  });

  it.each<[string, Partial<Record<Feed, Response>>]>([
    ["CoinGecko refuses", { coingecko: rateLimited(60) }],
    ["Coinbase does not answer", { coinbaseBtc: new Response("", { status: 500 }) }],
    ["the two do not agree", { coinbaseBtc: spot("BTC", "80000") }],
    ["one says zero", { coingecko: coingecko({ btc: 0 }) }],
    ["one is old", { coingecko: coingecko({ at: SECONDS - MAX_QUOTE_AGE_MS / 1_000 - 1 }) }],
    ["one has no price", { coingecko: coingecko({ btc: null }) }],
  ])("asks mempool.space for a third quote of BTC where %s", async (_name, answers) => {
    const { quotes, paths } = await ask(feeds(answers));
    expect(quotes[BTC]?.at(-1)).toEqual({ priceUsd: 100_500, pricedAt: NOW - 30_000, source: "mempool.space" });
    expect(paths.length).toBe(MAX_PRICE_CALLS);
  });

  it("has no quotes when no feed answers, and throws nothing", async () => {
    const { quotes, paths } = await ask(() => new Response("", { status: 500 }));
    expect(quotes).toEqual({ [BTC]: [], [STX]: [] });
    expect(paths.length).toBe(MAX_PRICE_CALLS);
  });

  it("keeps one coin's quotes when the other's are missing", async () => {
    const { quotes } = await ask(
      feeds({ coingecko: Response.json({ blockstack: { usd: 0.8, last_updated_at: SECONDS } }) }),
    );
    expect(quotes[STX]?.map(({ source }) => source)).toEqual(["coingecko", "coinbase"]);
    expect(quotes[BTC]?.map(({ source }) => source)).toEqual(["coinbase", "mempool.space"]);
  });

  it("takes no quote of another coin or currency for one", async () => {
    const eur = Response.json({ data: { amount: "9", base: "BTC", currency: "EUR" } });
    const { quotes } = await ask(feeds({ coinbaseBtc: eur, coinbaseStx: spot("BTC", "100000") }));
    expect(quotes[BTC]?.map(({ source }) => source)).toEqual(["coingecko", "mempool.space"]);
    expect(quotes[STX]?.map(({ source }) => source)).toEqual(["coingecko"]);
  });

  it("never makes more calls than it is allowed, and closes no gate of the lanes, whatever the feeds answer", async () => {
    const answer = fc.oneof(
      fc.json().map((text) => () => json(text)),
      fc.constantFrom(
        () => rateLimited(60),
        () => new Response("", { status: 500 }),
        () => new Response("<html>"),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { minLength: MAX_PRICE_CALLS, maxLength: MAX_PRICE_CALLS }),
        async (answers) => {
          let call = 0;
          const { paths, gates } = await ask(() => answers[call++ % answers.length]?.() ?? json("{}"));
          expect(paths.length).toBeLessThanOrEqual(MAX_PRICE_CALLS);
          expect(gates.isClosed("mempool") || gates.isClosed("hiro")).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });
});

type Feed = "coingecko" | "coinbaseBtc" | "coinbaseStx" | "mempool";

function feeds(answers: Partial<Record<Feed, Response>> = {}) {
  return (path: string): Response => {
    if (path.startsWith("/simple")) return answers.coingecko ?? coingecko();
    if (path.startsWith("/v1/prices"))
      return answers.mempool ?? Response.json({ time: SECONDS - 30, USD: 100_500, EUR: 1 });
    return path.includes("BTC")
      ? (answers.coinbaseBtc ?? spot("BTC", "101000"))
      : (answers.coinbaseStx ?? spot("STX", "0.81"));
  };
}

function coingecko({ btc = 100_000, at = SECONDS - 60 }: { btc?: number | null; at?: number } = {}): Response {
  return Response.json({ bitcoin: { usd: btc, last_updated_at: at }, blockstack: { usd: 0.8, last_updated_at: at } });
}

function spot(base: string, amount: string): Response {
  return Response.json({ data: { amount, base, currency: "USD" } });
}

async function ask(answer: (path: string) => Response) {
  const { http, clock, paths, gates } = createRig(answer, { nowMs: NOW });
  return { quotes: await fetchQuotes(http, clock), paths, gates };
}
