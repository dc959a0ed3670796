import { describe, expect, it } from "vitest";
import { formatNumber, formatRange, toMarkdown, toText } from "./table.ts";

const TABLE = {
  title: "Pages",
  columns: ["Design", "Requests"],
  rows: [
    ["a", "10"],
    ["longer", "1,000"],
  ],
};

describe("toText", () => {
  it("sets names to the left and numbers to the right", () => {
    expect(toText(TABLE).split("\n").slice(2, 6)).toEqual([
      "Design  Requests",
      "------  --------",
      "a             10",
      "longer     1,000",
    ]);
  });
});

describe("toMarkdown", () => {
  it("is a table whose cells cannot break it", () => {
    expect(toMarkdown({ ...TABLE, rows: [["a|b", "1"]], notes: ["short"] })).toBe(
      "| Design | Requests |\n| --- | ---: |\n| a\\|b | 1 |\n\n- short",
    );
  });
});

describe("formatNumber", () => {
  it.each([
    [0, "0"],
    [2, "2"],
    [0.9044, "0.904"],
    [3.6449, "3.64"],
    [64.26, "64.3"],
    [999.6, "1,000"],
    [1_234_567, "1,234,567"],
    [Number.NaN, "–"],
  ])("%s is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

it("writes a range from the smallest to the largest", () => {
  expect(formatRange({ min: 1.234, max: 2_000.4 })).toBe("1.23–2,000");
});
