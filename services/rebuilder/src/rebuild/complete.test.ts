import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { complete } from "./complete.ts";

const hosts = z.partialRecord(z.enum(["hiro", "mempool"]), z.object({ calls: z.number() }));
const schema = z.object({
  epoch: z.number(),
  place: z.object({ cursor: z.string() }).nullable(),
  lane: z.object({ health: z.enum(["well", "resting"]), streak: z.array(z.string()) }),
  holds: z.array(z.object({ id: z.string(), size: z.number() })),
  prices: z.record(z.string(), z.object({ usd: z.number() })),
  hosts,
});
type Stored = z.infer<typeof schema>;

const INITIAL: Stored = {
  epoch: 0,
  place: null,
  lane: { health: "well", streak: [] },
  holds: [],
  prices: {},
  hosts: {},
};
const FULL: Stored = {
  epoch: 7,
  place: { cursor: "SP1" },
  lane: { health: "resting", streak: ["SP1", "SP2"] },
  holds: [1, 2, 3].map((size) => ({ id: `hold-${size}`, size })),
  prices: { stx: { usd: 1 }, btc: { usd: 2 } },
  hosts: { hiro: { calls: 5 } },
};

const read = (stored: unknown) => complete("key", schema, INITIAL, stored);

describe("what is stored", () => {
  it("is read as it was written, and is new without a problem where there is nothing", () => {
    expect(read(FULL)).toEqual({ value: FULL, problems: [] });
    expect(read(undefined)).toEqual({ value: INITIAL, problems: [] });
  });

  it("has its first values where fields are missing, at any depth, and that is no problem", () => {
    expect(read({ epoch: 7, lane: { streak: ["SP1"] } })).toEqual({
      value: { ...INITIAL, epoch: 7, lane: { health: "well", streak: ["SP1"] } },
      problems: [],
    });
  });

  it.each([null, 5, "text", [], [FULL], true])("is new, and named, when it is %j", (stored) => {
    expect(read(stored)).toEqual({ value: INITIAL, problems: ["key"] });
  });

  it("loses a spoiled field alone, named by its path", () => {
    expect(read({ ...FULL, epoch: "7" })).toEqual({ value: { ...FULL, epoch: 0 }, problems: ["key.epoch"] });
    expect(read({ ...FULL, place: { cursor: 5 } })).toEqual({
      value: { ...FULL, place: null },
      problems: ["key.place"],
    });
    const lane = { health: "ill", streak: ["SP1"] };
    expect(read({ ...FULL, lane })).toEqual({
      value: { ...FULL, lane: { health: "well", streak: ["SP1"] } },
      problems: ["key.lane.health"],
    });
  });

  it("loses a spoiled entry of a list or record whole, and no other", () => {
    const holds = [FULL.holds[0], { id: 5, size: "x" }, { id: "hold-2" }, FULL.holds[2]];
    const prices = { stx: { usd: "1" }, btc: { usd: 2 } };
    const { value, problems } = read({ ...FULL, holds, prices });
    expect(value).toEqual({ ...FULL, holds: [FULL.holds[0], FULL.holds[2]], prices: { btc: { usd: 2 } } });
    expect(problems.sort()).toEqual(["key.holds.1", "key.holds.2", "key.prices.stx"]);
  });

  it("loses nothing but what a newer release put beside what this one knows", () => {
    const stored = { ...FULL, added: 1, hosts: { hiro: { calls: 5 }, bitflow: { calls: 9 } } };
    expect(read(stored)).toEqual({ value: FULL, problems: ["key.hosts.bitflow"] });
  });

  it("keeps the rest when every entry of a long list has the shape of another release", () => {
    const holds = Array.from({ length: 1_000 }, (_, n) => (n === 500 ? FULL.holds[0] : { name: `hold-${n}` }));
    const { value, problems } = read({ ...FULL, holds });
    expect(value).toEqual({ ...FULL, holds: [FULL.holds[0]] });
    expect(problems.length).toBe(999);
  });

  it("loses entries that bear the names of an object's own machinery, and nothing else", () => {
    const prices = JSON.parse('{"constructor":5,"toString":{"usd":"x"},"__proto__":{"usd":7},"stx":{"usd":1}}');
    expect(read({ ...FULL, prices }).value).toEqual({ ...FULL, prices: { stx: { usd: 1 } } });
  });
});

describe("whatever is stored", () => {
  it("throws nothing, and gives a value that the schema takes", () => {
    const field = fc.oneof(
      { weight: 1, arbitrary: fc.jsonValue() },
      { weight: 1, arbitrary: fc.constant("as it was") },
    );
    const some = fc.record(Object.fromEntries(Object.keys(FULL).map((name) => [name, field])), { requiredKeys: [] });
    const stored = fc.oneof(
      fc.jsonValue(),
      some.map((fields) => {
        const entries = Object.entries(fields);
        return Object.fromEntries(
          entries.map(([name, one]) => [name, one === "as it was" ? FULL[name as keyof Stored] : one]),
        );
      }),
    );
    fc.assert(
      fc.property(stored, (one) => {
        const before = structuredClone(one);
        const { value, problems } = read(one);
        expect(schema.parse(value)).toEqual(value);
        expect(one).toEqual(before);
        for (const name of Object.keys(FULL) as (keyof Stored)[]) {
          const isGood = schema.shape[name].safeParse((one as Partial<Stored> | null)?.[name]).success;
          if (isGood && !problems.includes("key")) expect(value[name]).toEqual((one as Stored)[name]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
