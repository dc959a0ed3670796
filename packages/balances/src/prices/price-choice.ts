/** A price that was accepted. */
export interface Price {
  priceUsd: number; // USD per whole token
  pricedAt: number; // when it was true, Unix milliseconds
  source: string;
}

/** What one source says, not yet judged. */
export type Quote = Price;

/** Feeds refresh every minute: a quote this old comes from a feed that stopped. */
export const MAX_QUOTE_AGE_MS = 15 * 60_000;

/** Clocks differ a little; a quote from further ahead has a wrong time. */
export const MAX_QUOTE_AHEAD_MS = 60_000;

/** A change against the last good price past which one source's word is not enough: ×1.5 or ÷1.5. */
export const MAX_JUMP = 1.5;

/** How near a second source must be to confirm a jump: ordinary spreads between markets stay far below. */
export const MAX_DISAGREEMENT = 1.1;

export type PriceChoice = { ok: true; price: Price } | { ok: false; reason: string };

/**
 * The quote to accept, best source first. Without a last good price the first valid quote is taken; against one, a
 * quote that jumps counts only when another source agrees with it, and otherwise a calm quote of the other source does.
 */
export function choosePrice(lastGood: Price | undefined, quotes: readonly Quote[], nowMs: number): PriceChoice {
  const valid = quotes.filter((quote) => isPlausible(quote, nowMs));
  const [first] = valid;
  if (!first) return { ok: false, reason: quotes.length > 0 ? "no usable quote" : "no answer" };
  if (!lastGood) return { ok: true, price: first };
  const calm = valid.find((quote) => ratio(quote.priceUsd, lastGood.priceUsd) <= MAX_JUMP);
  if (calm) return { ok: true, price: calm };
  const confirmed = valid.find((quote) =>
    valid.some((other) => other.source !== quote.source && ratio(other.priceUsd, quote.priceUsd) <= MAX_DISAGREEMENT),
  );
  if (confirmed) return { ok: true, price: confirmed };
  return { ok: false, reason: `jumped from ${lastGood.priceUsd} to ${first.priceUsd} without a second source` };
}

function isPlausible({ priceUsd, pricedAt }: Quote, nowMs: number): boolean {
  if (!Number.isFinite(priceUsd) || priceUsd <= 0) return false;
  return pricedAt >= nowMs - MAX_QUOTE_AGE_MS && pricedAt <= nowMs + MAX_QUOTE_AHEAD_MS;
}

function ratio(a: number, b: number): number {
  return a > b ? a / b : b / a;
}
