import type { Clock } from "@standings/balances";

interface Timer {
  at: number;
  order: number;
  run: () => void;
}

/** Time that moves only when told to. Timers fire in order of their time, then of their setting. */
export class VirtualClock {
  nowMs: number;
  wentBackMs = 0; // by all jumps
  #offsetMs = 0; // what a clock jump adds to what is read, while timers keep their distance
  readonly #timers = new Set<Timer>(); // in order of their setting
  #order = 0;
  #first: Timer | undefined; // undefined = to be looked for

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  /** A clock whose timers are forgotten once `isAlive` says no: those of an object that is gone. */
  view(isAlive: () => boolean): Clock {
    return {
      now: () => this.read(),
      after: (delayMs, run) => {
        const timer = { at: this.nowMs + delayMs, order: this.#order++, run: () => isAlive() && run() };
        this.#timers.add(timer);
        if (this.#first && timer.at < this.#first.at) this.#first = timer;
        return () => this.#remove(timer);
      },
    };
  }

  read(): number {
    return this.nowMs + this.#offsetMs;
  }

  jump(ms: number): void {
    this.#offsetMs += ms;
    this.wentBackMs += Math.max(0, -ms);
  }

  nextAt(): number | undefined {
    return this.#next()?.at;
  }

  /** Moves to the next timer and fires it. */
  fireNext(): void {
    const next = this.#next();
    if (!next) return;
    this.nowMs = Math.max(this.nowMs, next.at);
    this.#remove(next);
    next.run();
  }

  #remove(timer: Timer): void {
    this.#timers.delete(timer);
    if (this.#first === timer) this.#first = undefined;
  }

  #next(): Timer | undefined {
    if (this.#first) return this.#first;
    for (const timer of this.#timers) {
      if (!this.#first || timer.at < this.#first.at) this.#first = timer;
    }
    return this.#first;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
