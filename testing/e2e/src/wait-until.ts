import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 100;

/** Asks again and again until there is an answer. Throws with what was waited for, and with the last error. */
export async function waitUntil<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
  pollMs = POLL_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) break;
    await delay(pollMs);
  }
  throw new Error(`waited ${timeoutMs / 1_000} s in vain: ${what}`, { cause: last });
}
