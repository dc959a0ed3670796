import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_RETRY_AFTER_MS, MIN_RETRY_AFTER_MS, toNotBefore } from "./retry-after.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const FALLBACK_MS = 600_000;
const delay = (headers: Record<string, string>) => toNotBefore(new Headers(headers), NOW, FALLBACK_MS) - NOW;

describe("toNotBefore", () => {
  it.each([
    ["119", 119_000],
    ["0", MIN_RETRY_AFTER_MS],
    ["86400", MAX_RETRY_AFTER_MS],
    ["Sun, 22 Nov 2026 12:05:00 GMT", 300_000],
    ["Sun, 22 Nov 2026 11:00:00 GMT", MIN_RETRY_AFTER_MS],
    ["-5", FALLBACK_MS],
    ["1e99", FALLBACK_MS],
    ["abc", FALLBACK_MS],
    ["1.5", FALLBACK_MS],
    ["5, 10", FALLBACK_MS],
    ["", FALLBACK_MS],
  ])("reads Retry-After %j as %d ms", (value, ms) => expect(delay({ "retry-after": value })).toBe(ms));

  it("reads ratelimit-reset as seconds or as a Unix time where Retry-After is missing", () => {
    expect(delay({ "ratelimit-reset": "30" })).toBe(30_000);
    expect(delay({ "ratelimit-reset": String(NOW / 1_000 + 45) })).toBe(45_000);
    expect(delay({ "ratelimit-reset": String(NOW / 1_000 - 45) })).toBe(FALLBACK_MS);
    expect(delay({ "retry-after": "7", "ratelimit-reset": "30" })).toBe(7_000);
  });

  it("waits at least a second and at most an hour, whatever a host says", () => {
    const value = fc.oneof(
      fc.stringMatching(/^[ -~]*$/),
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(value, value, (retryAfter, reset) => {
        const ms = delay({ "retry-after": retryAfter, "ratelimit-reset": reset });
        return ms >= MIN_RETRY_AFTER_MS && ms <= MAX_RETRY_AFTER_MS;
      }),
    );
  });
});
