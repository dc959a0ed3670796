import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_NAME_GRAPHEMES, toDisplayName } from "./display-name.ts";

const graphemes = (text: string) => [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)].length;

describe("toDisplayName", () => {
  it.each([
    ["Void Parrot", "Void Parrot"],
    ["  many \n  spaces\t", "many spaces"],
    ["الوكيل الذهبي", "الوكيل الذهبي"],
    ["👩‍🚀 Astro", "👩‍🚀 Astro"],
    ["<script>alert(1)</script>", "<script>alert(1)</script>"],
    ["admin\u202Egnp.exe", "admingnp.exe"],
    ["zero\u200Bwidth\uFEFF", "zerowidth"],
    ["e\u0301", "\u00e9"],
    ["\ud800 lone", "lone"],
    ["\u200d", null],
    ["\u0000", null],
    ["", null],
    [null, null],
    [undefined, null],
  ])("turns %j into %j", (text, name) => expect(toDisplayName(text)).toBe(name));

  it("never shows what is invisible or turns the reading direction, and never more than 64 characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const name = toDisplayName(text);
        if (name === null) return;
        expect(name).not.toMatch(/[\p{Cc}\p{Cs}\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u);
        expect(graphemes(name)).toBeLessThanOrEqual(MAX_NAME_GRAPHEMES);
        expect(name).toBe(name.trim());
      }),
      { numRuns: 500 },
    );
  });

  it("cuts a name of a million characters without reading all of it", () => {
    expect(graphemes(toDisplayName("x".repeat(1_000_000)) ?? "")).toBe(MAX_NAME_GRAPHEMES);
  });

  it("is settled after one pass", () => {
    const awkward = fc.constantFrom(" ", "\t", "\0", "\u200d", "\u200b", "a", "é", "🦦");
    const text = fc.string({ unit: fc.oneof(awkward, fc.string({ unit: "binary", minLength: 1, maxLength: 1 })) });
    fc.assert(
      fc.property(text, (name) => toDisplayName(toDisplayName(name)) === toDisplayName(name)),
      { numRuns: 2_000 },
    );
  });
});
