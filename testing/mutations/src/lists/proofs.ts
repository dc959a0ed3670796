import type { Proof } from "../mutation.ts";

// The files that most proofs are in, by the part of the rebuild that they attack.

const rebuilder =
  (test: string) =>
  (title?: string): Proof => ({ room: "rebuilder", test, ...(title && { title }) });

export const ticks = rebuilder("test/run-tick.test.ts");
export const object = rebuilder("test/dashboard-rebuild-do.test.ts");
export const hungTicks = rebuilder("sim/hung-tick.test.ts");
export const outages = rebuilder("sim/outages.test.ts");
export const crashes = rebuilder("test/attacks/crashes.test.ts");
export const falls = rebuilder("test/attacks/falls.test.ts");
export const freshness = rebuilder("test/attacks/freshness.test.ts");
export const lanes = rebuilder("test/attacks/lanes.test.ts");
export const operator = rebuilder("test/attacks/operator.test.ts");
export const prices = rebuilder("test/attacks/prices.test.ts");
export const publication = rebuilder("test/attacks/publication.test.ts");
export const roster = rebuilder("test/attacks/roster.test.ts");
export const state = rebuilder("test/attacks/state.test.ts");
export const tokens = rebuilder("test/attacks/tokens.test.ts");
export const intervals = rebuilder("src/tick/interval.test.ts");
export const chunks = rebuilder("src/tick/chunk.test.ts");

/** Tests of packages/balances beside their sources. */
export const balances = (test: string, title?: string): Proof => ({
  room: "balances",
  test: `src/${test}.test.ts`,
  ...(title && { title }),
});

/** Tests of packages/db, against real D1. */
export const db = (test: string, title?: string): Proof => ({
  room: "db",
  test: `test/${test}.test.ts`,
  ...(title && { title }),
});
