interface Timer {
  at: number;
  run: () => void;
}

/** Time that moves only when told to, and past every timer that is due on the way. */
export interface VirtualClock {
  now(): number;
  after(delayMs: number, run: () => void): () => void;
  advance(ms: number): void;
  /** Moves to the next timer and fires it. False when there is none. */
  fireNext(): boolean;
  forgetTimers(): void;
}

export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  let timers: Timer[] = [];
  const takeNext = (untilMs: number): Timer | undefined => {
    const next = timers.reduce<Timer | undefined>(
      (first, timer) => (first && first.at <= timer.at ? first : timer),
      undefined,
    );
    if (!next || next.at > untilMs) return undefined;
    timers = timers.filter((timer) => timer !== next);
    return next;
  };
  const fire = (timer: Timer) => {
    nowMs = Math.max(nowMs, timer.at);
    timer.run();
  };
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { at: nowMs + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const until = nowMs + ms;
      for (let due = takeNext(until); due; due = takeNext(until)) fire(due);
      nowMs = until;
    },
    fireNext() {
      const next = takeNext(Number.POSITIVE_INFINITY);
      if (next) fire(next);
      return next !== undefined;
    },
    forgetTimers() {
      timers = [];
    },
  };
}
