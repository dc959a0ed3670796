import "./remembered.ts";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type History, history, live } from "./history.ts";
import knownHistories from "./known-histories.json" with { type: "json" };
import { Tally } from "./tally.ts";

/** Histories that once failed: they come first. */
export function replayKnownHistories(): void {
  it.each(knownHistories.map((one, index) => [index + 1, one as History] as const))(
    "lives through the known history %i",
    async (_number, one) => {
      await live(one);
    },
  );
}

/** A change is judged by the same histories wherever it is checked; the long run draws new ones. */
const CHECKED_SEED = 20_261_125;

/** Random histories. SIM_SEED and SIM_PATH, as printed with a failure, play one of them again. */
export function liveThrough(what: { histories: number; part: number }): void {
  it(`lives through ${what.histories} histories`, async () => {
    const drawn = process.env.SIM_HISTORIES ? Date.now() % 2 ** 31 : CHECKED_SEED;
    const seed = Number(process.env.SIM_SEED ?? drawn ^ (what.part << 20));
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
