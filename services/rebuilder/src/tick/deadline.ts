import type { Clock } from "@standings/balances";

export class DeadlineError extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`);
    this.name = "DeadlineError";
  }
}

/** The promise, or a DeadlineError after `ms`: what hangs is given up, its late result ignored. */
export async function withDeadline<T>(clock: Clock, what: string, ms: number, promise: Promise<T>): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => reject(new DeadlineError(what, ms)));
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    cancel();
    promise.catch(() => {}); // a late failure has nobody left to tell
  }
}
