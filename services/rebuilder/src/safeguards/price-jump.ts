import { COINS, isUsable, MAX_DISAGREEMENT, type Price, type Quote, toRatio } from "@standings/balances";
import type { PriceConfirmation } from "../contract/status.ts";

/** A change past which one source's word is not enough, against the last good price and that of an hour ago. */
export const MAX_JUMP = 1.5;

/** A lone source that says the same for so long, with nobody to contradict it, is believed. */
export const LONE_SOURCE_MS = 30 * 60_000;

/** Accepted prices are kept this far apart, to know the price of an hour ago. */
const SAMPLE_EVERY_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;

export interface PriceMemory {
  confirmedBy: PriceConfirmation; // of the last good price
  pricedAt: number | null; // when that was true
  samples: { at: number; priceUsd: number }[]; // accepted prices of the last hour and a bit, oldest first
}

export const NEW_PRICE_MEMORY: PriceMemory = { confirmedBy: "unknown", pricedAt: null, samples: [] };

/** A quote that is not believed yet. Times are Unix milliseconds. */
export interface PriceHold {
  id: string;
  kind: "price";
  tokenId: string;
  priceUsd: number;
  source: string;
  from: number | null; // the last good price; null = there was none
  since: number;
  saidSince: number; // since when the one source has said the same without being contradicted
  seen: number;
}

export interface PriceInput {
  tokenId: string;
  lastGood: Price | undefined;
  memory: PriceMemory;
  hold: PriceHold | undefined;
  isAccepted: boolean; // an operator said that the held quote is true
  quotes: readonly Quote[]; // the preferred source first
  nowMs: number;
  newId: () => string;
}

export interface PriceVerdict {
  accepted: { price: Price; confirmedBy: PriceConfirmation } | null;
  hold: PriceHold | undefined;
  problem: string | null; // why the last good price stays, when it does
}

/**
 * Which quote becomes the price. Two sources that agree are believed whatever they say; one source is believed within
 * the bound, and past it only in time. The first price of a coin needs two sources.
 */
export function judgePrice(input: PriceInput): PriceVerdict {
  const { quotes, nowMs, lastGood, hold } = input;
  // A clock that is a little ahead must not date a price into the future, where it would outlive the next ones.
  const usable = quotes
    .filter((quote) => isUsable(quote, nowMs))
    .map((quote) => ({ ...quote, pricedAt: Math.min(quote.pricedAt, nowMs) }));
  if (input.isAccepted && hold) return accept({ ...hold, pricedAt: hold.seen }, "operator");
  const newer = usable.filter(({ pricedAt }) => lastGood === undefined || pricedAt >= lastGood.pricedAt);
  const confirmed = newer.find((quote) => isConfirmed(quote, usable));
  if (confirmed) return accept(confirmed, "second-source");
  const calm = newer.find((quote) => isCalm(quote, input));
  if (calm) return accept(calm, "last-good");
  const [first] = newer;
  if (!first) return { accepted: null, hold, problem: toSilence(quotes, usable) };
  return judgeLoneQuote(first, usable, input);
}

function judgeLoneQuote(quote: Quote, usable: readonly Quote[], input: PriceInput): PriceVerdict {
  const { tokenId, lastGood, hold, nowMs, newId } = input;
  const isContradicted = usable.some((other) => other.source !== quote.source);
  const isSame =
    hold !== undefined && hold.source === quote.source && toRatio(hold.priceUsd, quote.priceUsd) <= MAX_DISAGREEMENT;
  const saidSince = isSame && !isContradicted ? Math.min(hold.saidSince, nowMs) : nowMs;
  const needsTwo = lastGood === undefined && COINS.includes(tokenId);
  if (!needsTwo && nowMs - saidSince >= LONE_SOURCE_MS) return accept(quote, "single-source");
  const next: PriceHold = {
    id: hold?.id ?? `price-${tokenId}-${newId().slice(0, 8)}`,
    kind: "price",
    tokenId,
    priceUsd: isSame ? hold.priceUsd : quote.priceUsd,
    source: quote.source,
    from: lastGood?.priceUsd ?? null,
    since: hold?.since ?? nowMs,
    saidSince,
    seen: nowMs,
  };
  return { accepted: null, hold: next, problem: describePriceHold(next) };
}

/** What is held back, in words. */
export function describePriceHold({ tokenId, from, priceUsd, source }: PriceHold): string {
  const move = from === null ? `the first price of ${tokenId}` : `${tokenId} went from ${from} to ${priceUsd} USD`;
  return from === null ? `${move}, ${priceUsd} USD, is ${source}'s alone` : `${move} at ${source} alone`;
}

/**
 * What is remembered after a price was accepted. On more than its source's word it is what later ones are measured by.
 * That a lone source was believed stays known until another one agrees.
 */
export function toPriceMemory(
  memory: PriceMemory,
  price: Price,
  confirmedBy: PriceConfirmation,
  nowMs: number,
): PriceMemory {
  const known = confirmedBy === "last-good" ? memory.samples : [];
  const kept = known.filter(({ at }) => at <= nowMs && at > nowMs - HOUR_MS - 2 * SAMPLE_EVERY_MS);
  const last = kept.at(-1);
  const isDue = last === undefined || nowMs - last.at >= SAMPLE_EVERY_MS;
  const samples = isDue ? [...kept, { at: nowMs, priceUsd: price.priceUsd }] : kept;
  const isStillLone = confirmedBy === "last-good" && memory.confirmedBy === "single-source";
  return { confirmedBy: isStillLone ? "single-source" : confirmedBy, pricedAt: price.pricedAt, samples };
}

function accept({ priceUsd, pricedAt, source }: Price, confirmedBy: PriceConfirmation): PriceVerdict {
  return { accepted: { price: { priceUsd, pricedAt, source }, confirmedBy }, hold: undefined, problem: null };
}

function isConfirmed(quote: Quote, usable: readonly Quote[]): boolean {
  return usable.some(
    (other) => other.source !== quote.source && toRatio(other.priceUsd, quote.priceUsd) <= MAX_DISAGREEMENT,
  );
}

function isCalm({ priceUsd }: Quote, { lastGood, memory, nowMs }: PriceInput): boolean {
  if (!lastGood || toRatio(priceUsd, lastGood.priceUsd) > MAX_JUMP) return false;
  // Where nothing is known of an hour ago, the oldest that is known bounds a source that creeps.
  const hourAgo = memory.samples.findLast(({ at }) => at <= nowMs - HOUR_MS + SAMPLE_EVERY_MS) ?? memory.samples[0];
  return hourAgo === undefined || toRatio(priceUsd, hourAgo.priceUsd) <= MAX_JUMP;
}

function toSilence(quotes: readonly Quote[], usable: readonly Quote[]): string {
  if (usable.length > 0) return "no quote is newer than the last good price";
  return quotes.length > 0 ? "no usable quote" : "no answer";
}
