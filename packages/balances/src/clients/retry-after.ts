/** A host that says "now" still gets a breath; one that says "tomorrow" is asked again within the hour. */
export const MIN_RETRY_AFTER_MS = 1_000;
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * When a 429 allows the next call, Unix milliseconds: Retry-After in seconds or as a date (RFC 9110), else
 * ratelimit-reset as seconds or as a Unix time, else `fallbackMs` from now. Never under a second, never over an hour.
 */
export function toNotBefore(headers: Headers, nowMs: number, fallbackMs: number): number {
  const delayMs =
    parseRetryAfter(headers.get("retry-after"), nowMs) ??
    parseReset(headers.get("ratelimit-reset"), nowMs) ??
    fallbackMs;
  return nowMs + Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, delayMs));
}

// An IMF-fixdate, the one form of HTTP date that may be sent. Date.parse takes far more ("1e99", "-5").
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  if (!HTTP_DATE.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date - nowMs;
}

function parseReset(value: string | null, nowMs: number): number | undefined {
  if (value === null || !/^\d{1,10}$/.test(value.trim())) return undefined;
  const seconds = Number(value);
  const delayMs = seconds > 1_000_000_000 ? seconds * 1_000 - nowMs : seconds * 1_000;
  return delayMs > 0 && delayMs <= MAX_RETRY_AFTER_MS ? delayMs : undefined;
}
