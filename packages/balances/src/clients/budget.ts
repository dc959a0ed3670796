/** Subrequests of one tick, everything counted: fetches, KV reads and D1 calls. */
export interface Budget {
  /** Takes n if they are left; otherwise takes none and answers false. */
  take(n?: number): boolean;
  /** Counts what must happen whatever is left, like the commit: callers keep a reserve for it. */
  spend(n?: number): void;
  readonly used: number;
  readonly left: number;
  /** What may still be used in all, the reserve included. */
  readonly room: number;
}

/** @param reserve kept back from take() for what is spent() */
export function createBudget(limit: number, reserve = 0): Budget {
  let taken = 0;
  let spent = 0;
  return {
    take(n = 1) {
      if (taken + n > limit - Math.max(reserve, spent)) return false;
      taken += n;
      return true;
    },
    spend(n = 1) {
      spent += n;
    },
    get used() {
      return taken + spent;
    },
    get room() {
      return Math.max(0, limit - taken - spent);
    },
    get left() {
      return Math.max(0, limit - Math.max(reserve, spent) - taken);
    },
  };
}
