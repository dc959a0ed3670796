import { z } from "zod";
import type { Http } from "../clients/http.ts";
import type { Clock } from "../clock.ts";
import { BTC, STX } from "../tokens/assets.ts";
import { isUsable, MAX_DISAGREEMENT, type Quote, toRatio } from "./quote.ts";

const usd = z.object({ usd: z.number().nullish(), last_updated_at: z.number().nullish() }).optional();
const coingecko = z.object({ bitcoin: usd, blockstack: usd }); // STX still goes by its id of 2019
const mempoolPrices = z.object({ USD: z.number(), time: z.number() });
const coinbaseSpot = z.object({ data: z.object({ amount: z.string(), base: z.string(), currency: z.literal("USD") }) });

/** Calls of one tick at most: CoinGecko once, Coinbase for each coin, mempool.space where two do not agree on BTC. */
export const MAX_PRICE_CALLS = 4;

/** What the feeds say, nothing judged: token id -> quotes, the preferred source first. */
export type Quotes = Record<string, Quote[]>;

/** Quotes of BTC and STX in USD from two sources each; a third is asked where the two on BTC do not agree. */
export async function fetchQuotes(http: Http, clock: Clock): Promise<Quotes> {
  const [coingeckoQuotes, coinbaseBtc, coinbaseStx] = await Promise.all([
    fetchCoingecko(http, clock),
    fetchCoinbase(http, "BTC"),
    fetchCoinbase(http, "STX"),
  ]);
  const btc = [...coingeckoQuotes.btc, ...coinbaseBtc];
  const third = hasAgreement(btc, clock.now()) ? [] : await fetchMempool(http);
  return { [BTC]: [...btc, ...third], [STX]: [...coingeckoQuotes.stx, ...coinbaseStx] };
}

function hasAgreement(quotes: readonly Quote[], nowMs: number): boolean {
  const [first, second] = quotes.filter((quote) => isUsable(quote, nowMs));
  return first !== undefined && second !== undefined && toRatio(first.priceUsd, second.priceUsd) <= MAX_DISAGREEMENT;
}

async function fetchCoingecko(http: Http, clock: Clock): Promise<{ btc: Quote[]; stx: Quote[] }> {
  const answer = await http.getJson({
    host: "coingecko",
    path: "/simple/price?ids=bitcoin,blockstack&vs_currencies=usd&include_last_updated_at=true&precision=full",
    parse(body) {
      const parsed = coingecko.safeParse(body);
      return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: "invalid-shape" };
    },
  });
  if (answer.kind !== "fetched") return { btc: [], stx: [] };
  const toQuotes = (entry: z.infer<typeof usd>): Quote[] =>
    typeof entry?.usd === "number"
      ? [
          {
            priceUsd: entry.usd,
            pricedAt: entry.last_updated_at ? entry.last_updated_at * 1_000 : clock.now(),
            source: "coingecko",
          },
        ]
      : [];
  return { btc: toQuotes(answer.value.bitcoin), stx: toQuotes(answer.value.blockstack) };
}

async function fetchCoinbase(http: Http, base: "BTC" | "STX"): Promise<Quote[]> {
  const answer = await http.getJson({
    host: "coinbase",
    path: `/prices/${base}-USD/spot`,
    parse(body) {
      const parsed = coinbaseSpot.safeParse(body);
      if (!parsed.success || parsed.data.data.base !== base) return { ok: false, reason: "invalid-shape" };
      return { ok: true, value: Number(parsed.data.data.amount) };
    },
  });
  if (answer.kind !== "fetched") return [];
  return [{ priceUsd: answer.value, pricedAt: answer.at, source: "coinbase" }];
}

async function fetchMempool(http: Http): Promise<Quote[]> {
  const answer = await http.getJson({
    host: "mempool-prices",
    path: "/v1/prices",
    parse(body) {
      const parsed = mempoolPrices.safeParse(body);
      return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: "invalid-shape" };
    },
  });
  if (answer.kind !== "fetched") return [];
  return [{ priceUsd: answer.value.USD, pricedAt: answer.value.time * 1_000, source: "mempool.space" }];
}
