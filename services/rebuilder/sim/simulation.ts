import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { type History, history, live } from "./history.ts";
import knownHistories from "./known-histories.json" with { type: "json" };
import { Tally } from "./tally.ts";

// The same few hundred addresses are checked millions of times here: each is worked out once.
vi.mock("../../../packages/balances/src/address.ts", async (importOriginal) => {
  const { isStacksAddress, parseBitcoinAddress } = await importOriginal<typeof import("@standings/balances")>();
  const remember = <T>(check: (text: string) => T) => {
    const known = new Map<string, T>();
    return (text: string): T => {
      if (!known.has(text)) known.set(text, check(text));
      return known.get(text) as T;
    };
  };
  return { isStacksAddress: remember(isStacksAddress), parseBitcoinAddress: remember(parseBitcoinAddress) };
});

// What is stored is read back many times a tick: each stored object is completed once, and some are read back for real.
vi.mock("../src/rebuild/complete.ts", async (importOriginal) => {
  const { complete } = await importOriginal<typeof import("../src/rebuild/complete.ts")>();
  const known = new WeakMap<object, ReturnType<typeof complete>>();
  return {
    complete: (...args: Parameters<typeof complete>) => {
      const [, , , stored] = args;
      if (typeof stored !== "object" || stored === null) return complete(...args);
      const completed = known.get(stored) ?? complete(...args);
      known.set(stored, completed);
      return completed;
    },
  };
});

/** Histories that once failed: they come first. */
export function replayKnownHistories(): void {
  it.each(knownHistories.map((one, index) => [index + 1, one as History] as const))(
    "lives through the known history %i",
    async (_number, one) => {
      await live(one);
    },
  );
}

/** Random histories. SIM_SEED and SIM_PATH, as printed with a failure, play one of them again. */
export function liveThrough(what: { histories: number; part: number }): void {
  it(`lives through ${what.histories} histories`, async () => {
    const seed = Number(process.env.SIM_SEED ?? (Date.now() % 2 ** 31) ^ (what.part << 20));
    const tally = new Tally();
    const property = fc.asyncProperty(history, async (one) => {
      await live(one, tally);
    });
    const startedAt = performance.now();
    const result = await fc.check(property, {
      seed,
      numRuns: what.histories,
      ...(process.env.SIM_PATH && { path: process.env.SIM_PATH, endOnFailure: true }),
    });
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    console.log(`seed ${seed}: ${tally.get("histories")} histories in ${seconds} s\n${tally.toText()}`);
    if (result.failed) {
      const { counterexamplePath } = result;
      console.log(`again: SIM_SEED=${seed} SIM_PATH=${counterexamplePath} npm run test:sim -w @standings/rebuilder`);
      console.log(`to keep it, add to sim/known-histories.json: ${JSON.stringify(result.counterexample?.[0])}`);
      throw result.errorInstance;
    }
    if (process.env.SIM_PATH) return;
    expect(tally.get("histories")).toBe(what.histories);
  });
}
