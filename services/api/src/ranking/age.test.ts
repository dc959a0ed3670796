import { expect, it } from "vitest";
import { formatAge } from "./age.ts";

it.each([
  [-5, "0 s"],
  [119_999, "119 s"],
  [120_000, "2 min"],
  [7_200_000, "2 h"],
  [200_000_000, "2 days"],
])("an age of %d ms is %s", (value, text) => {
  expect(formatAge(value)).toBe(text);
});
