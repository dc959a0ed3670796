/** The platform breaks the lock at 30 s; a commit and everything it tries again has to fit well below that. */
export const LOCK_DEADLINE_MS = 20_000;

export interface LockDeps {
  /** Nothing else of the object runs meanwhile. An exception that leaves the callback resets the object. */
  lock(callback: () => Promise<void>): Promise<void>;
  /** Aborted when the tick was given up: from then on it must not save anything. */
  givenUp: AbortSignal;
}

/**
 * Runs something while nothing else of the object does. What it throws comes out after the lock, never through it; a
 * tick that was given up does not begin.
 */
export async function inLock<T>({ lock, givenUp }: LockDeps, run: () => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  let bug: unknown;
  await lock(async () => {
    try {
      assertNotGivenUp(givenUp);
      result = { value: await run() };
    } catch (error) {
      bug = error;
    }
  });
  if (bug !== undefined) throw bug;
  if (!result) throw new Error("the lock ended without running the commit");
  return result.value;
}

/** Throws once the tick was given up. */
export function assertNotGivenUp(givenUp: AbortSignal): void {
  if (givenUp.aborted) throw new Error("the tick was given up");
}
