import { z } from "zod";
import type { Http } from "../clients/http.ts";
import type { Clock } from "../clock.ts";
import { BTC, SBTC, STX } from "../tokens/assets.ts";
import { choosePrice, type Price, type Quote } from "./price-choice.ts";

export interface PriceUpdate {
  accepted: { tokenId: string; price: Price }[];
  held: Record<string, string>; // token id -> why the last good price stays
}

const usd = z.object({ usd: z.number().nullish(), last_updated_at: z.number().nullish() }).optional();
const coingecko = z.object({ bitcoin: usd, blockstack: usd }); // STX still goes by its id of 2019
const mempoolPrices = z.object({ USD: z.number(), time: z.number() });
const coinbaseSpot = z.object({ data: z.object({ amount: z.string(), base: z.string(), currency: z.literal("USD") }) });

/**
 * Prices of BTC, STX and (as BTC) sBTC in USD: CoinGecko, and where it has none or jumps, a second source.
 * A token that no source priced keeps its last good price, which is then in `held` and not in `accepted`.
 */
export async function fetchPrices(
  http: Http,
  lastGood: ReadonlyMap<string, Price>,
  clock: Clock,
): Promise<PriceUpdate> {
  const primary = await fetchCoingecko(http, clock);
  const update: PriceUpdate = { accepted: [], held: {} };
  const seconds = { [BTC]: () => fetchMempoolBtc(http), [STX]: () => fetchCoinbaseStx(http) };
  for (const [tokenId, fetchSecond] of Object.entries(seconds)) {
    const last = lastGood.get(tokenId);
    const first = primary[tokenId];
    let choice = choosePrice(last, first ? [first] : [], clock.now());
    if (!choice.ok) {
      const second = await fetchSecond();
      choice = choosePrice(
        last,
        [first, second].filter((quote) => quote !== undefined),
        clock.now(),
      );
    }
    const tokenIds = tokenId === BTC ? [BTC, SBTC] : [tokenId];
    for (const id of tokenIds) {
      if (choice.ok) update.accepted.push({ tokenId: id, price: choice.price });
      else update.held[id] = choice.reason;
    }
  }
  return update;
}

async function fetchCoingecko(http: Http, clock: Clock): Promise<Partial<Record<string, Quote>>> {
  const answer = await http.getJson({
    host: "coingecko",
    path: "/simple/price?ids=bitcoin,blockstack&vs_currencies=usd&include_last_updated_at=true&precision=full",
    parse(body) {
      const parsed = coingecko.safeParse(body);
      return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: "invalid-shape" };
    },
  });
  if (answer.kind !== "fetched") return {};
  const toQuote = (entry: z.infer<typeof usd>): Quote | undefined =>
    typeof entry?.usd === "number"
      ? {
          priceUsd: entry.usd,
          pricedAt: entry.last_updated_at ? entry.last_updated_at * 1_000 : clock.now(),
          source: "coingecko",
        }
      : undefined;
  const quotes = { [BTC]: toQuote(answer.value.bitcoin), [STX]: toQuote(answer.value.blockstack) };
  return Object.fromEntries(Object.entries(quotes).filter(([, quote]) => quote !== undefined));
}

async function fetchMempoolBtc(http: Http): Promise<Quote | undefined> {
  const answer = await http.getJson({
    host: "mempool",
    path: "/v1/prices",
    parse(body) {
      const parsed = mempoolPrices.safeParse(body);
      return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: "invalid-shape" };
    },
  });
  if (answer.kind !== "fetched") return undefined;
  return { priceUsd: answer.value.USD, pricedAt: answer.value.time * 1_000, source: "mempool.space" };
}

async function fetchCoinbaseStx(http: Http): Promise<Quote | undefined> {
  const answer = await http.getJson({
    host: "coinbase",
    path: "/prices/STX-USD/spot",
    parse(body) {
      const parsed = coinbaseSpot.safeParse(body);
      if (!parsed.success || parsed.data.data.base !== "STX") return { ok: false, reason: "invalid-shape" };
      return { ok: true, value: Number(parsed.data.data.amount) };
    },
  });
  return answer.kind === "fetched" ? { priceUsd: answer.value, pricedAt: answer.at, source: "coinbase" } : undefined;
}
