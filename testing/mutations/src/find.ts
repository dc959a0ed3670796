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
  const isSql = typeof find === "object" && "sql" in find;
  const hits = findPlaces(name, place, sources).flatMap((found) => {
    const edits = isSql ? editSql(found.node, find.sql, replace) : editPattern(found.node, find, replace);
    return edits.map((edit) => ({ ...found, edit }));
  });
  const [only] = hits;
  if (!only || hits.length > 1) throw new Error(`${name}: the pattern is met ${hits.length} times: ${describe(find)}`);
  const { source, root, edit } = only;
  const text = root.commitEdits([edit]);
  if (text === source.text) throw new Error(`${name}: the replacement is the guard itself`);
  if (hasSyntaxError(source.path, text)) {
    throw new Error(`${name}: the mutated file is no TypeScript: ${edit.insertedText}`);
  }
  return { path: source.path, text };
}

function describe(find: Mutation["find"]): string {
  if (typeof find === "string") return find;
  return "sql" in find ? find.sql : find.context;
}

/** At the top of its file, exported or not: it goes before what only a function or an object calls by that name. */
function isTopLevel(node: SgNode): boolean {
  const holders = node
    .ancestors()
    .filter((one) => !/^(?:export_statement|lexical_declaration)$/.test(String(one.kind())));
  return holders.length === 1;
}

interface Found {
  source: Source;
  root: SgNode;
  node: SgNode;
}

/** The one declaration of that name; without a name, every file of the package. */
function findPlaces(name: string, place: Place, sources: readonly Source[]): Found[] {
  const files = sources.filter(({ path }) => path.endsWith(place.file ?? ""));
  if (place.name === undefined) {
    return files.map((source) => {
      const root = parseSource(source.path, source.text);
      return { source, root, node: root };
    });
  }
  const found = findDeclarations(place.name, files);
  const outer = found.filter(({ node }) => isTopLevel(node));
  const chosen = outer.length === 1 ? outer : found;
  if (chosen.length !== 1) {
    const where = chosen.map(({ source, node }) => `${source.path}:${node.range().start.line + 1}`).join(", ");
    const times = `declared ${chosen.length} times in ${place.room} (${where || "nowhere"})`;
    throw new Error(`${name}: "${place.name}" is ${times}`);
  }
  return chosen;
}

function findDeclarations(name: string, files: readonly Source[]): Found[] {
  const toNamed = (kind: string) => ({ kind, has: { field: kind === "pair" ? "key" : "name", regex: `^#?${name}$` } });
  const matcher = { rule: { any: DECLARATIONS.map(toNamed) } };
  return files
    .filter(({ text }) => text.includes(name))
    .flatMap((source) => {
      const root = parseSource(source.path, source.text);
      return root.findAll(matcher).map((node): Found => ({ source, root, node }));
    });
}

function editPattern(node: SgNode, find: Exclude<Mutation["find"], { sql: string }>, replace: string): Edit[] {
  const pattern = typeof find === "string" ? find : { context: find.context, selector: find.kind };
  return node.findAll({ rule: { pattern } }).map((match) => match.replace(fill(replace, match)));
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

function editSql(node: SgNode, sql: string, replace: string): Edit[] {
  const words = sql.trim().split(/\s+/).map(escapeRegExp).join("\\s+");
  const piece = new RegExp(words.replaceAll("\\{\\}", "(\\$\\{[^}]*\\})"), "g");
  return node
    .findAll({ rule: { kind: "template_string" } })
    .filter((template) => !template.ancestors().some((one) => one.kind() === "template_string" && isInside(one, node)))
    .flatMap((template) => {
      const text = template.text();
      return [...text.matchAll(piece)].map((hit) => {
        const values = hit.slice(1);
        const filled = replace.replaceAll("{}", () => values.shift() ?? "");
        return template.replace(text.slice(0, hit.index) + filled + text.slice(hit.index + hit[0].length));
      });
    });
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
