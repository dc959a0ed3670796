import { env } from "cloudflare:workers";
import { toAgentWords, toWords } from "@standings/balances";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
  compilePublish,
  createDb,
  findMatches,
  KEEP_VERSIONS_MS,
  MAX_WORDS_LOOKED_AT,
  type RosterAgent,
} from "../src/index.ts";
import { applyRoster as applyChange, db, publication, agent as rosterAgent, versions, wipe } from "./rig.ts";

const ANY = 50;
const PROPERTY_TIMEOUT_MS = 60_000;

let clockMs = 1_000_000;

beforeEach(wipe);

describe("a search in a version", () => {
  it(
    "finds what a filter over its ranking finds, whatever rosters come and versions are published",
    async () => {
      await fc.assert(
        fc
          .asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), queries, async (steps, texts) => {
            for (const { roster, publishes, minutes } of steps) {
              clockMs += minutes * 60_000;
              if (roster) await applyRoster(roster.map(toAgent));
              for (let left = publishes; left > 0; left--) await publish();
            }
            for (const version of await versions()) {
              for (const text of texts) await expectSameAsFilter(version, text);
            }
            expect(await countUnneededWords()).toBe(0);
          })
          .beforeEach(wipe),
        { numRuns: 60 },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it("goes by the names frozen in it, not by those of today", async () => {
    await applyRoster([agent(0, "Tiny Marten"), agent(1, "Marten Lake"), agent(2, "Otter")]);
    const before = await publish();
    await applyRoster([agent(0, "Big Otter"), agent(2, "Otter")]);
    const after = await publish();
    expect(await find(before, "marten")).toEqual([address(0), address(1)]);
    expect(await find(before, "otter")).toEqual([address(2)]);
    expect(await find(after, "marten")).toEqual([]);
    expect(await find(after, "otter")).toEqual([address(0), address(2)]);
  });

  it("finds the beginnings of words only, all of them, and addresses as a whole", async () => {
    await applyRoster([agent(0, "Tiny Marten", "marten.btc"), agent(1, "Tiny Otter 🦦")]);
    const version = await publish();
    expect(await find(version, "TINY")).toEqual([address(0), address(1)]);
    expect(await find(version, "mar ti")).toEqual([address(0)]);
    expect(await find(version, "marten.b")).toEqual([address(0)]);
    expect(await find(version, "arten")).toEqual([]);
    expect(await find(version, "🦦")).toEqual([address(1)]);
    expect(await find(version, "tiny 🦦")).toEqual([address(1)]);
    expect(await find(version, address(1).toLowerCase())).toEqual([address(1)]);
    expect(await find(version, "bc1q0")).toEqual([address(0)]);
  });

  it("is undefined for a version that is gone, and finds nobody for words that nobody has", async () => {
    await applyRoster([agent(0, "Marten")]);
    const version = await publish();
    expect(await findMatches(db, version + 1, ["marten"], ANY)).toBeUndefined();
    expect(await findMatches(db, version, ["x"], ANY)).toEqual({ rows: [], total: 0, isCutOff: false });
  });
});

describe("the words of a roster", () => {
  it("are written once, and then only where a name or an address changed", async () => {
    const crowd = Array.from({ length: 50 }, (_, index) => agent(index, `Agent ${index}`));
    await applyRoster(crowd);
    await publish();
    expect(await applyRoster(crowd)).toBe(0);
    expect(await applyRoster(crowd.map((one, index) => (index === 7 ? agent(7, "Agent Seven") : one)))).toBe(2);
    expect(await applyRoster(crowd.slice(1))).toBeGreaterThan(0);
  });

  it("that go and come back between two versions never ended", async () => {
    await applyRoster([agent(0, "Marten"), agent(1, "Otter")]);
    const first = await publish();
    await applyRoster([agent(1, "Otter")]);
    await applyRoster([agent(0, "Marten"), agent(1, "Otter")]);
    await applyRoster([agent(0, "Badger"), agent(1, "Otter")]);
    await applyRoster([agent(0, "Marten"), agent(1, "Otter")]);
    const second = await publish();
    for (const version of [first, second]) expect(await find(version, "marten")).toEqual([address(0)]);
    expect(await find(second, "badger")).toEqual([]);
  });
});

describe("the rows read", () => {
  const crowd = (size: number) => Array.from({ length: size }, (_, index) => agent(index, `Common Name${index}`));

  async function readsAt(size: number): Promise<Record<string, number>> {
    await wipe();
    await applyRoster(crowd(size));
    const version = await publish();
    const reads: Record<string, number> = {};
    for (const text of ["name999", "common name999", "common", "nobody"]) reads[text] = await rowsRead(version, text);
    return reads;
  }

  it("are few for a rare word, bounded for a common one, and do not grow with the ranking", async () => {
    const [small, large] = [await readsAt(1_000), await readsAt(3_000)];
    expect(large).toEqual(small);
    expect(small.name999).toBeLessThanOrEqual(10);
    expect(small.nobody).toBeLessThanOrEqual(10);
    expect(small["common name999"]).toBeLessThanOrEqual(MAX_WORDS_LOOKED_AT + 20);
    expect(small.common).toBeLessThanOrEqual(2 * (MAX_WORDS_LOOKED_AT + ANY) + 10);
  });

  it("end at a number of words, and the answer says so", async () => {
    await applyRoster(crowd(MAX_WORDS_LOOKED_AT + 20));
    const version = await publish();
    const matches = await findMatches(db, version, ["common"], ANY);
    expect(matches).toMatchObject({ total: MAX_WORDS_LOOKED_AT, isCutOff: true });
    expect(matches?.rows).toHaveLength(ANY);
    expect(await findMatches(db, version, ["common", "name519"], ANY)).toMatchObject({
      total: 1,
      isCutOff: false,
    });
  });
});

// Few agents and few words, so that names are shared, lost and taken by others.
const name = fc.option(
  fc
    .array(fc.constantFrom("Marten", "mar", "MARTEN", "Otter", "🦦", "Straße", "代理人", "a-b"), {
      minLength: 1,
      maxLength: 3,
    })
    .map((words) => words.join(" ")),
);
const entry = fc.record({ place: fc.nat({ max: 5 }), btc: fc.nat({ max: 5 }), displayName: name, bnsName: name });
const step = fc.record({
  roster: fc.option(fc.uniqueArray(entry, { selector: ({ place }) => place, maxLength: 6 })),
  publishes: fc.nat({ max: 2 }),
  minutes: fc.nat({ max: 20 }),
});
const queries = fc.constant([
  "mar",
  "MARTEN",
  "marten otter",
  "strasse",
  "代",
  "🦦",
  "a",
  "b a",
  "sp",
  "bc1q3",
  address(2),
  "tt",
  "x",
]);

function toAgent({ place, btc, displayName, bnsName }: typeof entry extends fc.Arbitrary<infer T> ? T : never) {
  return { ...agent(place, displayName, bnsName), btc_address: `bc1q${btc}` };
}

function agent(place: number, displayName: string | null, bnsName: string | null = null): RosterAgent {
  return rosterAgent(address(place), { btc_address: `bc1q${place}`, display_name: displayName, bns_name: bnsName });
}

function address(place: number): string {
  return `SP${String(place).padStart(39, "0")}`;
}

/** @returns how many words were written */
async function applyRoster(agents: readonly RosterAgent[]): Promise<number> {
  const before = await words();
  await applyChange(agents, ++clockMs);
  await db
    .insertInto("fetches")
    .columns(["agent_address", "stacks_good_at", "bitcoin_good_at", "rotation"])
    .expression((expression) =>
      expression
        .selectFrom("agents")
        .select((select) => ["stx_address", select.lit(1).as("a"), select.lit(1).as("b"), select.lit(1).as("c")])
        .where("removed_at", "is", null),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const after = await words();
  return [...after].filter((row) => !before.has(row)).length;
}

async function words(): Promise<Set<string>> {
  return new Set((await db.selectFrom("agent_words").selectAll().execute()).map((row) => JSON.stringify(row)));
}

async function publish(): Promise<number> {
  const version = Math.max(0, ...(await versions())) + 1;
  await db.batch(
    compilePublish(db, publication(version, { publishedAt: clockMs, staleAfter: clockMs + KEEP_VERSIONS_MS })),
  );
  return version;
}

async function find(version: number, text: string): Promise<string[] | undefined> {
  const matches = await findMatches(db, version, toWords(text), ANY);
  return matches?.rows.map((row) => row.stx_address);
}

async function expectSameAsFilter(version: number, text: string): Promise<void> {
  const ranking = await db.selectFrom("standings").selectAll().where("version", "=", version).orderBy("rank").execute();
  const matching = ranking.filter((row) => {
    const own = toAgentWords({
      stxAddress: row.stx_address,
      btcAddress: row.btc_address,
      displayName: row.display_name,
      bnsName: row.bns_name,
    });
    return toWords(text).every((prefix) => own.some((word) => word.startsWith(prefix)));
  });
  const limit = 3;
  const matches = await findMatches(db, version, toWords(text), limit);
  expect(matches).toEqual({
    rows: matching
      .slice(0, limit)
      .map((row) => ({ ...row, tokens: JSON.parse(row.tokens), partial: row.partial === 1 })),
    total: matching.length,
    isCutOff: false,
  });
}

async function countUnneededWords(): Promise<number> {
  const oldest = Math.min(...(await versions()));
  const rows = await db
    .selectFrom("agent_words")
    .select("until_version")
    .where("until_version", "<=", oldest)
    .execute();
  return rows.length;
}

async function rowsRead(version: number, text: string): Promise<number> {
  let read = 0;
  const count = <T extends { meta: { rows_read?: number } }>(result: T): T => {
    read += result.meta.rows_read ?? 0;
    return result;
  };
  const counting = {
    prepare: (query: string) => ({
      bind(...values: unknown[]) {
        const statement = env.DB.prepare(query).bind(...values);
        return { statement, all: async () => count(await statement.all()) };
      },
    }),
    batch: async (batch: { statement: D1PreparedStatement }[]) =>
      (await env.DB.batch(batch.map(({ statement }) => statement))).map(count),
  } as unknown as D1Database;
  await findMatches(createDb(counting), version, toWords(text), ANY);
  return read;
}
