import { describe, expect, it } from "vitest";
import { inLock, type LockDeps } from "./lock.ts";

describe("inLock", () => {
  it("gives back what was run, while nothing else ran", async () => {
    const { deps, log } = rig();
    expect(await inLock(deps, async () => log.push("run"))).toBe(2);
    expect(log).toEqual(["locked", "run", "unlocked"]);
  });

  it("lets nothing out through the lock: what was thrown comes after it", async () => {
    const { deps, log } = rig();
    const bug = new Error("a bug");
    await expect(inLock(deps, () => Promise.reject(bug))).rejects.toBe(bug);
    expect(log).toEqual(["locked", "unlocked"]);
  });

  it("lets out what was thrown though it is nothing at all", async () => {
    await expect(inLock(rig().deps, () => Promise.reject(undefined))).rejects.toThrow();
  });

  it("does not begin for a tick that was given up", async () => {
    const { deps, log } = rig(AbortSignal.abort());
    await expect(inLock(deps, async () => log.push("run"))).rejects.toThrow("the tick was given up");
    expect(log).toEqual(["locked", "unlocked"]);
  });

  it("throws when the lock never ran it", async () => {
    const deps = { ...rig().deps, lock: async () => {} };
    await expect(inLock(deps, async () => 1)).rejects.toThrow("the lock ended without running the commit");
  });
});

/** A lock as the platform has it: an exception from the callback resets the object. */
function rig(givenUp = new AbortController().signal) {
  const log: string[] = [];
  const deps: LockDeps = {
    givenUp,
    async lock(callback) {
      log.push("locked");
      await callback().catch(() => log.push("reset"));
      log.push("unlocked");
    },
  };
  return { deps, log };
}
