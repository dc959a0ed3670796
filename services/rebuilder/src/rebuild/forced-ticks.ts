import type { Config } from "../config.ts";
import type { Control } from "../tick/memory.ts";

export type ForcedTick =
  | { ok: true; forced: Control["forced"] }
  | { ok: false; reason: "too-soon" | "daily-limit"; retryAfterMs: number };

const DAY_MS = 86_400_000;

/** Whether an operator's tick may start: each one costs a chunk of upstream quota. 0 = as often as anyone likes. */
export function allowForcedTick(
  forced: Control["forced"],
  { spacingMs, perDay }: Config["forcedTicks"],
  nowMs: number,
): ForcedTick {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const count = forced.day === day ? forced.count : 0;
  const sinceLastMs = nowMs - forced.lastAt;
  if (sinceLastMs >= 0 && sinceLastMs < spacingMs) {
    return { ok: false, reason: "too-soon", retryAfterMs: spacingMs - sinceLastMs };
  }
  if (perDay > 0 && count >= perDay) {
    return { ok: false, reason: "daily-limit", retryAfterMs: DAY_MS - (nowMs % DAY_MS) };
  }
  return { ok: true, forced: { day, count: count + 1, lastAt: nowMs } };
}
