import { MAX_PRICE_CALLS } from "@standings/balances";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRig, type Fault, LIMIT, NOW, pairOf, REFUSED, readPlace, refusing, turnOf } from "../../test/commit.ts";
import { MAX_WITNESSES } from "../safeguards/falls.ts";
import { LOCK_DEADLINE_MS } from "./lock.ts";
import { STORE_CALL_TIMEOUT_MS } from "./store.ts";

/** What a tick of two whole chunks has used at most when it comes to commit: agents, plan, prices and witnesses. */
const USED_BEFORE = 200 + 7 + MAX_PRICE_CALLS + MAX_WITNESSES;

describe("a commit of which some rows are refused", () => {
  it.each([
    ["SP037", "bitcoin"],
    ["SP000", "stacks"],
    ["SP099", "bitcoin"],
  ])("finds the poison pair within the budget, %s on %s, and publishes with the last part", async (agent, lane) => {
    const { commit, written } = createRig({ onCommit: refusing([`${agent} ${lane}`]), used: USED_BEFORE });
    const turn = turnOf(100);
    const result = await commit(turn);
    expect(result).toMatchObject({ outcome: "committed", error: null, hasPublished: true, place: turn.end });
    expect(result.notes).toEqual([`the database refused the ${lane} balances of ${agent}: ${REFUSED}`]);
    const answers = written.flatMap(({ writes }) => writes.answers);
    expect(answers.length).toBe(200);
    expect(answers.filter(({ error }) => error !== null)).toMatchObject([
      { agent, lane, error: "refused-by-database" },
    ]);
    expect(written.flatMap(({ writes }) => writes.upserts).length).toBe(199);
    expect(written.map(({ publication }) => publication !== undefined)).toEqual([
      ...written.slice(1).map(() => false),
      true,
    ]);
  });

  it("writes head and tail once, and every part with an epoch of its own and the place as of that part", async () => {
    const prices = [{ tokenId: "stx", priceUsd: 1, pricedAt: NOW, source: "coinbase" }];
    const releases = [{ agent: "SP000", lane: "stacks" as const, tokenId: "stx", at: NOW }];
    const { commit, written } = createRig({ onCommit: refusing(["SP005 stacks"]) });
    const turn = turnOf(16, { head: { roster: null, prices, releases } });
    const { epoch } = await commit(turn);
    const parts = written.map(({ writes }) => writes);
    expect(parts.map(({ commit: row }) => row.epoch)).toEqual(parts.map((_, index) => 11 + index));
    expect(epoch).toBe(10 + parts.length);
    expect(parts.map((part) => [part.prices.length, part.releases.length])).toEqual([
      [1, 1],
      ...parts.slice(1).map(() => [0, 0]),
    ]);
    const last = parts.length - 1;
    expect(parts.map(({ freshness }) => freshness !== null)).toEqual(parts.map((_, index) => index === last));
    expect(parts.map(({ prune }) => prune)).toEqual(parts.map((_, index) => index === last));
    let processed = { stacks: 0, bitcoin: 0 };
    for (const part of parts.slice(0, -1)) {
      const place = readPlace(part);
      for (const lane of ["stacks", "bitcoin"] as const) {
        const own = part.answers.filter((answer) => answer.lane === lane);
        processed = { ...processed, [lane]: processed[lane] + own.length };
        expect(place[lane]).toMatchObject({ isOpen: true, processed: processed[lane] });
        if (own.length > 0) expect(place[lane].cursor).toBe(own.at(-1)?.agent);
      }
    }
    expect(readPlace(parts.at(-1) ?? never())).toEqual(turn.end);
  });

  it("stands after the parts that were written when a later one is lost", async () => {
    const poison = refusing(["SP000 stacks"]);
    const { commit, written } = createRig({
      onCommit: (writes, publication, commits): Fault => {
        const isLast = writes.freshness !== null && commits > 3;
        return isLast ? { takesMs: 60_000 } : poison(writes, publication, commits);
      },
    });
    const result = await commit(turnOf(4));
    expect(result.outcome).toBe("commit-failed");
    expect(result.place).toEqual(readPlace(written.at(-1)?.writes ?? never()));
    expect(result.epoch).toBe(written.at(-1)?.writes.commit.epoch);
  });

  it("writes every healthy pair, marks each poison one, and publishes, whoever they are", async () => {
    const pair = fc.tuple(fc.nat(29), fc.constantFrom("stacks", "bitcoin"));
    await fc.assert(
      fc.asyncProperty(fc.array(pair, { maxLength: 5 }), fc.boolean(), async (pairs, refusesPublication) => {
        const poison = new Set(pairs.map(([agent, lane]) => `SP${String(agent).padStart(3, "0")} ${lane}`));
        const refuses = refusing([...poison]);
        const { commit, written, calls } = createRig({
          onCommit: (writes, publication, commits) =>
            publication && refusesPublication ? REFUSED : refuses(writes, publication, commits),
        });
        const result = await commit(turnOf(30));
        expect(result).toMatchObject({ outcome: "committed", hasPublished: !refusesPublication });
        const answers = written.flatMap(({ writes }) => writes.answers);
        expect(answers.length).toBe(60);
        const marked = answers.flatMap(({ agent, lane, error }) => (error === null ? [] : [`${agent} ${lane}`]));
        expect(marked.sort()).toEqual([...poison].sort());
        expect(written.flatMap(({ writes }) => writes.upserts).length).toBe(60 - poison.size);
        expect(calls.length).toBeLessThanOrEqual(LIMIT);
      }),
      { numRuns: 60 },
    );
  });
});

describe("whatever the database does with a commit", () => {
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 4, arbitrary: fc.constant(REFUSED) },
    {
      weight: 2,
      arbitrary: fc.record({
        takesMs: fc.constantFrom(1, 500, 3_000, 7_999, 8_001, 60_000),
        isWritten: fc.boolean(),
        error: fc.constantFrom(REFUSED, "Network connection lost.", "D1 DB is overloaded"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ takesMs: fc.constantFrom(1, 3_000, 8_001) }) },
    { weight: 1, arbitrary: fc.constantFrom("Network connection lost.", "D1_ERROR: no such table: x", "SQLITE_FULL") },
  );

  it("it never throws, never passes the budget, and never begins a call that may outlast the lock", async () => {
    const faults = fc.array(fault, { minLength: 1, maxLength: 40, size: "max" });
    const used = fc.integer({ min: 0, max: LIMIT });
    await fc.assert(
      fc.asyncProperty(faults, faults, fc.nat(60), used, async (commits, fences, n, usedBefore) => {
        const { commit, calls, written, budget, epochs } = createRig({
          used: usedBefore,
          onCommit: (_writes, _publication, index) => commits[index % commits.length],
          onFence: (index) => fences[index % fences.length],
        });
        const turn = turnOf(n);
        const result = await commit(turn);
        expect(budget.used).toBeLessThanOrEqual(LIMIT);
        for (const { at } of calls) expect(at + STORE_CALL_TIMEOUT_MS).toBeLessThanOrEqual(NOW + LOCK_DEADLINE_MS);
        expect(result.error === null).toBe(result.outcome === "committed");
        if (result.error === null) expect(result.place).toEqual(turn.end);
        // Nothing is written twice or before what comes before it, and what is said to be committed is.
        const answers = written.flatMap(({ writes }) => writes.answers.map(({ agent, lane }) => `${agent} ${lane}`));
        expect(answers).toEqual(turn.pairs.slice(0, answers.length).map(({ agent, lane }) => `${agent} ${lane}`));
        if (result.epoch !== null) expect(epochs.get(result.epoch)).toBe("this tick");
        if (result.hasPublished) expect(written.some(({ publication }) => publication !== undefined)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it("it stays within 250 calls for two whole chunks of which every row is refused", async () => {
    const { commit, budget } = createRig({
      onCommit: ({ upserts }) => (upserts.length > 0 ? REFUSED : undefined),
      used: USED_BEFORE,
    });
    const result = await commit(turnOf(100));
    expect(budget.used).toBeLessThanOrEqual(LIMIT);
    expect(result.outcome).toBe("commit-failed");
    expect(result.place.stacks.processed).toBeGreaterThan(0); // and the next tick begins behind what it has found
  });

  it("it begins none that may outlast the lock, however slowly the halves are refused", async () => {
    const { commit, calls } = createRig({ onCommit: () => ({ takesMs: 3_000, error: REFUSED }) });
    expect(await commit(turnOf(10))).toMatchObject({ outcome: "commit-failed", epoch: null });
    const begun = calls.filter(({ what }) => what === "commit").map(({ at }) => at - NOW);
    expect(begun).toEqual([0, 3_000, 6_000, 9_000, 12_000]);
    const slow = createRig({
      onCommit: () => ({ takesMs: 6_000, error: REFUSED }),
      onFence: () => ({ takesMs: 7_000 }),
    });
    await slow.commit(turnOf(10));
    expect(slow.calls.map(({ at }) => at - NOW)).toEqual([0, 6_000]);
  });

  it("it goes on to no other half while one is lost: nobody is passed by unwritten", async () => {
    const { commit, written } = createRig({
      onCommit: ({ upserts }, _publication, commits) =>
        upserts.length === 4 && commits < 5 ? "Network connection lost." : upserts.length > 4 ? REFUSED : undefined,
    });
    expect(await commit(turnOf(4))).toMatchObject({ outcome: "commit-failed", epoch: null });
    expect(written).toEqual([]);
  });

  it("it begins none without room for it and the look at whose the epoch is", async () => {
    const { commit, calls } = createRig({ used: LIMIT - 1 });
    const result = await commit(turnOf(0, { pairs: [pairOf("SP1", "stacks")] }));
    expect(result).toMatchObject({ outcome: "commit-failed", error: "no time or budget is left for the commit" });
    expect(calls).toEqual([]);
  });
});

function never(): never {
  throw new Error("nothing was written");
}
