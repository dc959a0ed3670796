import type { Clock } from "@standings/balances";

interface Timer {
  at: number;
  run: () => void;
}

/** Time that moves only when it is told to. */
export interface VirtualClock extends Clock {
  /** Past every timer that is due on the way. */
  moveTo(ms: number): void;
  /** To the next timer, which fires with all that are due then. False when none is set. */
  fireNext(): boolean;
  /** The timers of an object that is gone. */
  forgetTimers(): void;
}

export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  let timers: Timer[] = [];
  const takeNext = (untilMs: number): Timer | undefined => {
    const [first] = timers.filter(({ at }) => at <= untilMs).sort((a, b) => a.at - b.at);
    timers = timers.filter((timer) => timer !== first);
    return first;
  };
  const fire = ({ at, run }: Timer) => {
    nowMs = Math.max(nowMs, at);
    run();
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
    moveTo(ms) {
      for (let due = takeNext(ms); due; due = takeNext(ms)) fire(due);
      nowMs = ms; // may be set back too
    },
    fireNext() {
      const first = takeNext(Number.POSITIVE_INFINITY);
      for (let next = first; next; next = takeNext(first?.at ?? 0)) fire(next);
      return first !== undefined;
    },
    forgetTimers() {
      timers = [];
    },
  };
}
