import { expect, it } from "vitest";
import { COMMANDS, parseBenchOptions } from "./options.ts";

it("measures everything when nothing is named", () => {
  expect(parseBenchOptions([]).commands).toEqual(COMMANDS);
  expect(parseBenchOptions(["read", "all"]).commands).toEqual(COMMANDS);
});

it("measures what is named, each once", () => {
  expect(parseBenchOptions(["cost", "read", "cost"]).commands).toEqual(["read", "cost"]);
});

it("measures every series at least five times unless told otherwise", () => {
  expect(parseBenchOptions([]).rounds).toBeGreaterThanOrEqual(5);
  expect(parseBenchOptions(["--rounds", "8"]).rounds).toBe(8);
});

it("takes other sizes", () => {
  expect(parseBenchOptions(["read", "--sizes", "700,900"]).readSizes).toEqual([700, 900]);
});

it("is short with --quick", () => {
  const { quick, readSizes, rounds } = parseBenchOptions(["--quick"]);
  expect([quick, readSizes.length, rounds]).toEqual([true, 1, 2]);
});

it.each([
  [["write"], "unknown command write"],
  [["--sizes", "ten"], '--sizes: "ten"'],
  [["--rounds", "0"], '--rounds: "0"'],
  [["--fast"], "--fast"],
])("refuses %j", (args, message) => {
  expect(() => parseBenchOptions(args)).toThrow(message);
});
