import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toAgentWords, toWords } from "./words.ts";

describe("toWords", () => {
  it.each([
    ["Tiny Marten", ["tiny", "marten"]],
    ["marten.btc", ["marten", "btc"]],
    ["=HYPERLINK(\"http://x.example\",'y')", ["hyperlink", "http", "x", "example", "y"]],
    ["🦜 Parrot 👩‍🚀", ["🦜", "parrot", "👩", "🚀"]],
    ["☠️ and ☠", ["☠", "and"]],
    ["👍🏽", ["👍"]],
    ["Ａｇｅｎｔ Ⅳ ﬁsh", ["agent", "iv", "fish"]],
    ["Straße STRASSE", ["strasse"]],
    ["ΣΊΣΥΦΟΣ σίσυφος", ["σίσυφοσ"]],
    ["代理人玄武 エージェント・ゼロ", ["代理人玄武", "エージェント", "ゼロ"]],
    ["e\u0301claire éclaire", ["éclaire"]],
    ["a\u200bgent zero\u200dwidth", ["agent", "zerowidth"]],
    ["$STX #1 a_b", ["stx", "1", "a", "b"]],
    ["... --- !?", []],
    ["", []],
  ])("%j has the words %j", (text, words) => {
    expect(toWords(text)).toEqual(words);
  });

  it("leaves words as they are, and no word holds a character that ends the range of a prefix", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const word of toWords(text)) {
          expect(word).not.toBe("");
          expect(word < `${word}\u{10ffff}`).toBe(true);
          expect(word).not.toContain("\u{10ffff}");
          expect(toWords(word).join("")).toBe(word);
        }
      }),
    );
  });
});

it("an agent is found by its names and its whole addresses", () => {
  const agent = { stxAddress: "SP2J6Z", btcAddress: "1A1zP", displayName: "Tiny Marten", bnsName: "marten.btc" };
  expect(toAgentWords(agent)).toEqual(["tiny", "marten", "btc", "sp2j6z", "1a1zp"]);
  expect(toAgentWords({ ...agent, displayName: null, bnsName: null })).toEqual(["sp2j6z", "1a1zp"]);
});
