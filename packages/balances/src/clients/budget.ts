/** Subrequests of one tick, everything counted: fetches, KV reads and D1 calls. */
export interface Budget {
  /** Takes n if they are left; otherwise takes none and answers false. */
  take(n?: number): boolean;
  /** Counts what must happen whatever is left, like the commit: callers keep a reserve for it. */
  spend(n?: number): void;
  readonly used: number;
  readonly left: number;
}

/** @param reserve kept back from take() for what is spent() later */
export function createBudget(limit: number, reserve = 0): Budget {
  let used = 0;
  return {
    take(n = 1) {
      if (used + n > limit - reserve) return false;
      used += n;
      return true;
    },
    spend(n = 1) {
      used += n;
    },
    get used() {
      return used;
    },
    get left() {
      return Math.max(0, limit - reserve - used);
    },
  };
}
