import { setTimeout as delay } from "node:timers/promises";

/** How often a reader of each kind sends a request, whether or not the last one was answered. */
const EVERY_MS = 50;

/** A wait of minutes is a result, not a failure. */
const TIMEOUT_MS = 600_000;

/** So many waiting at once know what the next would find out. */
const MAX_UNDER_WAY = 50;

export interface ReaderWaits {
  answers: number;
  p50Ms: number;
  longestMs: number;
}

/** Readers at a steady rate, so that a wait delays nobody's next request and is seen by all who come meanwhile. */
export interface Readers {
  /** Ends them, and answers with how long they waited. Throws when one was refused. */
  stop(): Promise<ReaderWaits>;
}

export function startReaders(url: string, headers: Record<string, string>): Readers {
  const waits: number[] = [];
  const underWay = new Set<Promise<void>>();
  let isStopped = false;
  let failure: unknown;
  const read = async () => {
    const startedAt = performance.now();
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    waits.push(performance.now() - startedAt);
  };
  const running = (async () => {
    while (!isStopped) {
      if (underWay.size >= MAX_UNDER_WAY) {
        await delay(EVERY_MS);
        continue;
      }
      const one: Promise<void> = read()
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => underWay.delete(one));
      underWay.add(one);
      await delay(EVERY_MS);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await running;
      await Promise.all(underWay);
      if (failure) throw failure;
      const sorted = waits.sort((a, b) => a - b);
      return {
        answers: sorted.length,
        p50Ms: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
        longestMs: sorted.at(-1) ?? Number.NaN,
      };
    },
  };
}
