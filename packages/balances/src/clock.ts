/** Time as an argument: what waits or looks at a clock runs under a virtual one too. */
export interface Clock {
  now(): number; // Unix milliseconds
  /** Runs something once, later; the returned function takes that back. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
