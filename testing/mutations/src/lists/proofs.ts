import type { Proof } from "../mutation.ts";

// The files that most proofs are in, by the part of the rebuild that they attack.

const rebuilder =
  (test: string) =>
  (title: string): Proof => ({ room: "rebuilder", test, title });

export const alarms = rebuilder("test/alarm.test.ts");
export const commits = rebuilder("test/commit.test.ts");
export const holds = rebuilder("test/holds.test.ts");
export const health = rebuilder("test/lane-health.test.ts");
export const lanes = rebuilder("test/lanes.test.ts");
export const locks = rebuilder("test/lock.test.ts");
export const object = rebuilder("test/object.test.ts");
export const prices = rebuilder("test/prices.test.ts");
export const roster = rebuilder("test/roster.test.ts");
export const stored = rebuilder("test/stored.test.ts");
export const falls = rebuilder("test/falls.test.ts");
export const crashes = rebuilder("test/crashes.test.ts");
export const freshnessAttacks = rebuilder("test/attacks/freshness.test.ts");
export const operatorAttacks = rebuilder("test/attacks/operator.test.ts");
export const publicationAttacks = rebuilder("test/attacks/publication.test.ts");

/** Pure tests of the rebuilder: a whole file takes no longer than one of its tests. */
export const pure = (test: string): Proof => ({ room: "rebuilder", test: `src/${test}.test.ts` });

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
