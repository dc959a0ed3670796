import { expect, it } from "vitest";
import { replaceBlock } from "./marked-block.ts";

const DOCUMENT = "before\n<!-- read -->\nold\n<!-- /read -->\nafter <!-- tick --><!-- /tick -->";

it("replaces one block and leaves the rest", () => {
  expect(replaceBlock(DOCUMENT, "read", "new\n")).toBe(
    "before\n<!-- read -->\nnew\n<!-- /read -->\nafter <!-- tick --><!-- /tick -->",
  );
});

it("takes a text as it is, whatever a pattern would make of it", () => {
  expect(replaceBlock(DOCUMENT, "tick", "$& $1")).toContain("<!-- tick -->\n$& $1\n<!-- /tick -->");
});

it("says when there is no such block", () => {
  expect(() => replaceBlock(DOCUMENT, "cost", "")).toThrow("no block cost");
});
