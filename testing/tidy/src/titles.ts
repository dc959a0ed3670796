import { Lang, parse } from "@ast-grep/napi";
import { readText } from "./files.ts";

const TESTS = { rule: { kind: "call_expression", has: { field: "function", regex: "^(?:it|test|describe)\\b" } } };
const known = new Map<string, string[]>();

/** The titles of a test file, those of its groups too, as they are written: "%s" and "${…}" stay. */
function listTitles(file: string): string[] {
  const titles = known.get(file) ?? readTitles(file);
  known.set(file, titles);
  return titles;
}

function readTitles(file: string): string[] {
  const calls = parse(Lang.Tsx, readText(file)).root().findAll(TESTS);
  return calls.flatMap((call) => {
    const [title] =
      call
        .field("arguments")
        ?.children()
        .filter((node) => node.isNamed()) ?? [];
    return title && /^(?:string|template_string)$/.test(String(title.kind())) ? [title.text().slice(1, -1)] : [];
  });
}

/** A title as people cite it: a part of it is enough, quotes may be escaped in the source. */
export function hasTitle(file: string, cited: string): boolean {
  return listTitles(file).some((title) => title.replace(/\\(["'`])/g, "$1").includes(cited));
}
