import type { Clock } from "@standings/balances";

export interface AwaitingClock extends Clock {
  /** Waits for the promise; whenever all else waits too, time goes on to the next that is due. */
  run<T>(promise: Promise<T>): Promise<T>;
  advance(ms: number): void;
}

/** Time that moves only when nothing else does. */
export function createAwaitingClock(startMs: number): AwaitingClock {
  let nowMs = startMs;
  const due = new Map<object, { at: number; run: () => void }>();
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const key = {};
      due.set(key, { at: nowMs + delayMs, run });
      return () => due.delete(key);
    },
    advance(ms) {
      nowMs += ms;
    },
    async run(promise) {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (isSettled) return promise;
        const [next] = [...due].sort(([, a], [, b]) => a.at - b.at);
        if (!next) throw new Error("nothing is due, and nothing goes on");
        due.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].at);
        next[1].run();
      }
    },
  };
}
