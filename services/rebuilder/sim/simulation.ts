import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { type History, history, live } from "./history.ts";
import knownHistories from "./known-histories.json" with { type: "json" };

// The same few dozen addresses are checked millions of times here: each is worked out once.
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
    const total = { histories: 0, commands: 0, ticks: 0 };
    const property = fc.asyncProperty(history, async (one) => {
      const { commands, ticks } = await live(one);
      total.histories++;
      total.commands += commands;
      total.ticks += ticks;
    });
    const result = await fc.check(property, {
      seed,
      numRuns: what.histories,
      ...(process.env.SIM_PATH && { path: process.env.SIM_PATH, endOnFailure: true }),
    });
    console.log(
      `seed ${seed}: ${total.histories} histories, ${total.commands} commands, ${total.ticks} committed ticks`,
    );
    if (result.failed) {
      const { counterexamplePath } = result;
      console.log(`again: SIM_SEED=${seed} SIM_PATH=${counterexamplePath} npm run test:sim -w @standings/rebuilder`);
      console.log(`to keep it, add to sim/known-histories.json: ${JSON.stringify(result.counterexample?.[0])}`);
      throw result.errorInstance;
    }
    if (!process.env.SIM_PATH) expect(total.histories).toBe(what.histories);
  });
}
