import { type Edit, Lang, parse, type SgNode } from "@ast-grep/napi";
import type { Mutation, Place } from "./mutation.ts";

/** A source file of a package. */
export interface Source {
  path: string; // below the top of the repository
  text: string;
}

/** A mutation in place: the whole text of the file that it changes. */
export interface Mutated {
  path: string;
  text: string;
}

// The syntax of what a place can name.
const DECLARATIONS = [
  "function_declaration",
  "method_definition",
  "public_field_definition",
  "variable_declarator",
  "pair",
];

/** The file with the guard removed. Throws, naming the mutation, when its place or its guard is not found exactly once. */
export function mutate(mutation: Mutation, sources: readonly Source[]): Mutated {
  const { name, in: place, find, replace } = mutation;
  const { source, root, node } = findPlace(name, place, sources);
  const isSql = typeof find === "object" && "sql" in find;
  const edit = isSql ? editSql(name, node, find.sql, replace) : editPattern(name, node, find, replace);
  const text = root.commitEdits([edit]);
  if (text === source.text) throw new Error(`${name}: the replacement is the guard itself`);
  if (hasSyntaxError(source.path, text))
    throw new Error(`${name}: the mutated file is no TypeScript: ${edit.insertedText}`);
  return { path: source.path, text };
}

interface Found {
  source: Source;
  root: SgNode;
  node: SgNode;
}

function findPlace(name: string, place: Place, sources: readonly Source[]): Found {
  const matcher = {
    rule: {
      any: DECLARATIONS.map((kind) => ({
        kind,
        has: { field: kind === "pair" ? "key" : "name", regex: `^#?${place.name}$` },
      })),
    },
  };
  const found = sources
    .filter(({ path, text }) => path.endsWith(place.file ?? "") && text.includes(place.name))
    .flatMap((source) => {
      const root = parseSource(source.path, source.text);
      return root.findAll(matcher).map((node): Found => ({ source, root, node }));
    });
  const [only] = found;
  if (!only || found.length > 1) {
    const where = found.map(({ source, node }) => `${source.path}:${node.range().start.line + 1}`).join(", ");
    throw new Error(
      `${name}: "${place.name}" is declared ${found.length} times in ${place.room} (${where || "nowhere"})`,
    );
  }
  return only;
}

function editPattern(
  name: string,
  node: SgNode,
  find: Exclude<Mutation["find"], { sql: string }>,
  replace: string,
): Edit {
  const pattern = typeof find === "string" ? find : { context: find.context, selector: find.kind };
  const matches = node.findAll({ rule: { pattern } });
  const [only] = matches;
  const met = typeof find === "string" ? find : find.context;
  if (!only || matches.length > 1) throw new Error(`${name}: the pattern is met ${matches.length} times: ${met}`);
  return only.replace(fill(replace, only));
}

/** The template with what the pattern caught: $$$X before $X, whose name it contains. */
function fill(replace: string, match: SgNode): string {
  return replace
    .replace(/\$\$\$([A-Z]+)/g, (_, name: string) =>
      match
        .getMultipleMatches(name)
        .map((node) => node.text())
        .join(""),
    )
    .replace(/\$([A-Z]+)/g, (_, name: string) => {
      const caught = match.getMatch(name);
      if (!caught) throw new Error(`the pattern has no $${name}`);
      return caught.text();
    });
}

function editSql(name: string, node: SgNode, sql: string, replace: string): Edit {
  const words = sql.trim().split(/\s+/).map(escapeRegExp).join("\\s+");
  const piece = new RegExp(words.replaceAll("\\{\\}", "(\\$\\{[^}]*\\})"), "g");
  const hits = node
    .findAll({ rule: { kind: "template_string" } })
    .filter((template) => !template.ancestors().some((one) => one.kind() === "template_string" && isInside(one, node)))
    .flatMap((template) => [...template.text().matchAll(piece)].map((hit) => ({ template, hit })));
  const [only] = hits;
  if (!only || hits.length > 1) throw new Error(`${name}: the SQL is met ${hits.length} times: ${sql}`);
  const { template, hit } = only;
  const values = hit.slice(1);
  const text = template.text();
  const filled = replace.replaceAll("{}", () => values.shift() ?? "");
  return template.replace(text.slice(0, hit.index) + filled + text.slice(hit.index + hit[0].length));
}

function isInside(inner: SgNode, outer: SgNode): boolean {
  return inner.range().start.index >= outer.range().start.index && inner.range().end.index <= outer.range().end.index;
}

function hasSyntaxError(path: string, text: string): boolean {
  return parseSource(path, text).find({ rule: { kind: "ERROR" } }) !== null;
}

function parseSource(path: string, text: string): SgNode {
  return parse(path.endsWith(".tsx") ? Lang.Tsx : Lang.TypeScript, text).root();
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
