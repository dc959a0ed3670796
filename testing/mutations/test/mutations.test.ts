import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { mutate, type Source } from "../src/find.ts";
import { type Mutation, ROOMS, type Room } from "../src/mutation.ts";
import { DRAFTS, MUTATIONS } from "../src/mutations.ts";
import { listFiles, readSources, TOP } from "../src/sources.ts";

// Quick checks of the list itself; `npm run test:mutations` is the proof.

const files = listFiles();
const sources = new Map<Room, Source[]>();
const read = (room: Room) => {
  const known = sources.get(room) ?? readSources(room, files);
  sources.set(room, known);
  return known;
};

describe("the list of mutations", () => {
  it("has names that differ", () => {
    const names = [...MUTATIONS, ...DRAFTS].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
    "finds its guard once: %s",
    (_, mutation) => {
      const { path } = mutate(mutation, read(mutation.in.room));
      expect(path.startsWith(ROOMS[mutation.in.room])).toBe(true);
    },
  );

  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
    "names a test that exists: %s",
    (_, { proof }) => {
      if ("histories" in proof) return;
      const file = path.join(TOP, ROOMS[proof.room], proof.test);
      expect(existsSync(file)).toBe(true);
      if (proof.title) expect(readFileSync(file, "utf8")).toContain(proof.title);
    },
  );
});

describe("a mutation", () => {
  const source = (text: string) => [{ path: "packages/db/src/a.ts", text }];
  const mutation = (changes: Partial<Mutation>): Mutation => ({
    name: "m",
    in: { room: "db", name: "f" },
    find: "if ($A) return $B;",
    replace: "",
    proof: { histories: 1 },
    ...changes,
  });

  it("is found whatever the formatting, and may keep what it caught", () => {
    const text = 'const x = "−";\nexport function f(a: boolean) {\n  if (\n    a\n  ) return g(1,\n 2);\n}\n';
    const { text: mutated } = mutate(mutation({ replace: "return $B;" }), source(text));
    expect(mutated).toBe('const x = "−";\nexport function f(a: boolean) {\n  return g(1,\n 2);\n}\n');
  });

  it.each([
    ["is met nowhere", "function f() {}", "met 0 times"],
    ["is met twice", "function f() { if (a) return b; if (c) return d; }", "met 2 times"],
    ["has no place", "function g() { if (a) return b; }", "declared 0 times"],
    ["has two places", "const o = { f: () => 1 };\nconst p = { f: () => 2 };", "declared 2 times"],
  ])("that %s is refused", (_, text, why) => {
    expect(() => mutate(mutation({}), source(text))).toThrow(why);
  });

  it("is looked for at the top of a file before inside of others", () => {
    const text = "function f() { if (a) return b; }\nfunction g() { const f = 1; }";
    expect(mutate(mutation({}), source(text)).text).toBe("function f() {  }\nfunction g() { const f = 1; }");
  });

  it("that leaves no TypeScript is refused", () => {
    const text = "function f() { if (a) return b; }";
    expect(() => mutate(mutation({ replace: "return (;" }), source(text))).toThrow("no TypeScript");
  });

  it("finds SQL inside templates, whatever its line breaks", () => {
    const text = ["const f = sql`\n  DELETE FROM a\n    WHERE b = $", "{c}`;"].join("");
    const find = { sql: "DELETE FROM a WHERE b = {}" };
    expect(mutate(mutation({ find, replace: "DELETE FROM a" }), source(text)).text).toBe(
      "const f = sql`\n  DELETE FROM a`;",
    );
    expect(() => mutate(mutation({ find: { sql: "DELETE FROM z" } }), source(text))).toThrow("met 0 times");
  });
});
