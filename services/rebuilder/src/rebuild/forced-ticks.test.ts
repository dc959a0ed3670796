import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowForcedTick } from "./forced-ticks.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const NEW = { day: "", count: 0, lastAt: 0 };
const LIMITS = { spacingMs: 60_000, perDay: 3 };

describe("a forced tick", () => {
  it("is allowed once a minute, and says how long to wait", () => {
    const first = allowForcedTick(NEW, LIMITS, NOW);
    expect(first).toEqual({ ok: true, forced: { day: "2026-11-25", count: 1, lastAt: NOW } });
    if (!first.ok) return;
    expect(allowForcedTick(first.forced, LIMITS, NOW + 59_999)).toEqual({
      ok: false,
      reason: "too-soon",
      retryAfterMs: 1,
    });
    expect(allowForcedTick(first.forced, LIMITS, NOW + 60_000).ok).toBe(true);
  });

  it("is refused past the day's number until the next day", () => {
    const forced = { day: "2026-11-25", count: 3, lastAt: NOW - 60_000 };
    expect(allowForcedTick(forced, LIMITS, NOW)).toEqual({
      ok: false,
      reason: "daily-limit",
      retryAfterMs: 12 * 3_600_000,
    });
    expect(allowForcedTick(forced, LIMITS, NOW + 12 * 3_600_000)).toMatchObject({ ok: true, forced: { count: 1 } });
  });

  it("is allowed as often as anyone likes where there are no limits, and after a clock was set back", () => {
    const forced = { day: "2026-11-25", count: 9_999, lastAt: NOW };
    expect(allowForcedTick(forced, { spacingMs: 0, perDay: 0 }, NOW).ok).toBe(true);
    expect(allowForcedTick({ ...forced, count: 0 }, LIMITS, NOW - 5).ok).toBe(true);
  });

  it("never comes sooner than the spacing after another, nor more often a day than allowed, however it is asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12 * 3_600_000), { maxLength: 60, size: "max" }), (waits) => {
        let [forced, nowMs] = [NEW, NOW];
        const allowed: number[] = [];
        for (const wait of waits) {
          nowMs += wait;
          const answer = allowForcedTick(forced, LIMITS, nowMs);
          if (!answer.ok) continue;
          forced = answer.forced;
          allowed.push(nowMs);
        }
        const days = Object.values(Object.groupBy(allowed, (at) => new Date(at).toISOString().slice(0, 10)));
        expect(days.every((day) => (day?.length ?? 0) <= LIMITS.perDay)).toBe(true);
        expect(allowed.every((at, index) => index === 0 || at - (allowed[index - 1] ?? 0) >= LIMITS.spacingMs)).toBe(
          true,
        );
      }),
    );
  });
});
