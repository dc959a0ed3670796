import { expect, it } from "vitest";
import { z } from "zod";
import { complete } from "./complete.ts";

const schema = z.object({
  epoch: z.number(),
  lanes: z.object({ stacks: z.object({ cursor: z.string(), waited: z.number() }) }),
  prices: z.record(z.string(), z.number()),
  holds: z.array(z.object({ id: z.string() })),
});
type Stored = z.infer<typeof schema>;
const FIRST: Stored = { epoch: 0, lanes: { stacks: { cursor: "", waited: 0 } }, prices: {}, holds: [] };
const read = (stored: unknown) => complete<Stored>("rebuild", schema, FIRST, stored);

it("has its first value when nothing was stored", () => {
  expect(read(undefined)).toEqual({ value: FIRST, problems: [] });
});

it("is completed at any depth, which is no problem to speak of", () => {
  expect(read({ epoch: 7, lanes: { stacks: { cursor: "SP9" } } })).toEqual({
    value: { ...FIRST, epoch: 7, lanes: { stacks: { cursor: "SP9", waited: 0 } } },
    problems: [],
  });
});

it("loses what cannot be read by itself, and names it", () => {
  const stored = {
    epoch: "seven",
    lanes: { stacks: { cursor: "SP9", waited: null } },
    prices: { stx: 0.8, btc: "much" },
    holds: [{ id: "fall-1" }, { id: 2 }],
  };
  const { value, problems } = read(stored);
  expect(value).toEqual({
    epoch: 0,
    lanes: { stacks: { cursor: "SP9", waited: 0 } },
    prices: { stx: 0.8 },
    holds: [{ id: "fall-1" }],
  });
  expect(problems.sort()).toEqual([
    "rebuild.epoch",
    "rebuild.holds.1.id",
    "rebuild.lanes.stacks.waited",
    "rebuild.prices.btc",
  ]);
});

it.each([null, 7, "state", []])("is new where %j was stored, which is named", (stored) => {
  expect(read(stored)).toEqual({ value: FIRST, problems: ["rebuild"] });
});
