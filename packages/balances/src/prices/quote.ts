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

/** How near a second source must be to confirm: ordinary spreads between markets stay far below. */
export const MAX_DISAGREEMENT = 1.1;

/** Whether a quote says anything: zero, negative, not finite, old and future-dated quotes are no answer. */
export function isUsable({ priceUsd, pricedAt }: Quote, nowMs: number): boolean {
  if (!Number.isFinite(priceUsd) || priceUsd <= 0) return false;
  return pricedAt >= nowMs - MAX_QUOTE_AGE_MS && pricedAt <= nowMs + MAX_QUOTE_AHEAD_MS;
}

/** How many times the larger is the smaller; both above zero. */
export function toRatio(a: number, b: number): number {
  return a > b ? a / b : b / a;
}
