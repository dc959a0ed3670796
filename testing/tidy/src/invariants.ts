import { findFiles, readText } from "./files.ts";

/** An invariant as docs/invariants.md defines it. */
export interface Invariant {
  id: string; // I-3
  sentence: string;
  why: string;
  tests: string[]; // `file` "title"
  isSimulated: boolean;
  mutations: string[]; // by name
  others: string[]; // lint, a CHECK, the runtime
}

export const INVARIANTS_DOCUMENT = "docs/invariants.md";

const ID = /\bI-\d+\b/g;

/** Reads sections of the form: "## I-3. Sentence." · "Why: …" · "- test: …" · "- simulation" · "- mutation: …" · "- other: …". */
export function readInvariants(): Invariant[] {
  const [, ...sections] = readText(INVARIANTS_DOCUMENT).split(/^## (?=I-)/m);
  return sections.map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    const [, id = "", sentence = ""] = /^(I-\d+)\. (.+)$/.exec(heading) ?? [];
    const list = (kind: string) =>
      lines.flatMap((line) => (line.startsWith(`- ${kind}: `) ? [line.slice(kind.length + 4).trim()] : []));
    return {
      id,
      sentence,
      why: lines.find((line) => line.startsWith("Why: "))?.slice(5) ?? "",
      tests: list("test"),
      isSimulated: lines.some((line) => /^- simulation\b/.test(line)),
      mutations: list("mutation").map((name) => name.replace(/^`|`$/g, "")),
      others: list("other"),
    };
  });
}

/** Every invariant that sources and tests name, with the files that do. */
export function listIdsInCode(): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const file of findFiles(/^(?:packages|services|testing|tools)\/.*\.(?:ts|tsx|sql|json)$/)) {
    if (file.startsWith("testing/tidy/")) continue;
    for (const [id] of readText(file).matchAll(ID)) ids.set(id, [...new Set([...(ids.get(id) ?? []), file])]);
  }
  return ids;
}
