import type { Clock } from "@standings/balances";

interface Timer {
  at: number;
  order: number;
  run: () => void;
}

/** Time that moves only when told to. Timers fire in order of their time, then of their setting. */
export class VirtualClock {
  nowMs: number;
  #offsetMs = 0; // what a clock jump adds to what is read, while timers keep their distance
  #timers: Timer[] = [];
  #order = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** A clock whose timers are forgotten once `isAlive` says no: those of an object that is gone. */
  view(isAlive: () => boolean): Clock {
    return {
      now: () => this.read(),
      after: (delayMs, run) => {
        const timer = { at: this.nowMs + delayMs, order: this.#order++, run: () => isAlive() && run() };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
    };
  }

  read(): number {
    return this.nowMs + this.#offsetMs;
  }

  jump(ms: number): void {
    this.#offsetMs += ms;
  }

  nextAt(): number | undefined {
    return this.#next()?.at;
  }

  /** Moves to the next timer and fires it. */
  fireNext(): void {
    const next = this.#next();
    if (!next) return;
    this.nowMs = Math.max(this.nowMs, next.at);
    this.#timers = this.#timers.filter((timer) => timer !== next);
    next.run();
  }

  #next(): Timer | undefined {
    return this.#timers.reduce<Timer | undefined>((first, timer) => {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) return timer;
      return first;
    }, undefined);
  }
}

/** Lets everything run that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
