import { type Env, toLink } from "../env.ts";
import { PROBLEMS } from "../http/problem-codes.ts";
import { MCP_REVISIONS } from "../mcp/server.ts";
import { TOOLS } from "../mcp/tools.ts";
import { DOCS_PATH, MCP_PATH } from "../paths.ts";
import { SERVICE } from "../service.ts";
import { listOperations, type Operation } from "./operations.ts";
import { listSections, NOTES, type Resource } from "./registry.ts";

type Links = Pick<Env, "PUBLIC_URL">;

/** The service on one page, as llmstxt.org lays it out. */
export function renderLlms(env: Links): string {
  const sections = listSections().flatMap(({ title, resources }) => [
    `## ${title}`,
    "",
    ...resources.map((resource) => `- ${toItem(env, resource)}`),
    "",
  ]);
  return toText([...toHead(), ...NOTES.map((note) => `- ${note}`), "", ...sections]);
}

/** The whole reference in Markdown. */
export function renderLlmsFull(env: Links): string {
  return toText([
    ...toHead(),
    ...NOTES.map((note) => `- ${note}`),
    "",
    "## Operations",
    "",
    ...listOperations().flatMap((operation) => renderOperation(operation)),
    "## MCP tools",
    "",
    `[The MCP server](${toLink(env, MCP_PATH)}) speaks streamable HTTP (POST), revisions ${MCP_REVISIONS.join(" and ")}, without a token. Every result carries asOf and version.`,
    "",
    ...TOOLS.map(({ name, description, path }) => `- \`${name}\`: ${description} The same as \`GET ${path}\`.`),
    "",
    "## Problems",
    "",
    "Errors are RFC 9457 problem details; `type` is the page that explains the fix.",
    "",
    ...Object.entries(PROBLEMS).map(
      ([code, { status, title, fix }]) =>
        `- [${code}](${toLink(env, `/problems/${code}`)}) (${status}): ${title}. ${fix}`,
    ),
    "",
    "## More",
    "",
    ...listSections().flatMap(({ resources }) => resources.map((resource) => `- ${toItem(env, resource)}`)),
  ]);
}

function toHead(): string[] {
  return [`# ${SERVICE.name}`, "", `> ${SERVICE.summary}. ${SERVICE.description}`, ""];
}

/** A path with a place for a value leads to its reference: as it stands it is no address. */
function toItem(env: Links, { path, title, about }: Resource): string {
  const operation = listOperations().find((candidate) => candidate.path === path && path.includes("{"));
  const target = operation ? `${DOCS_PATH}#${operation.id}` : path;
  const lead = operation ? `\`${operation.method} ${path}\`. ` : "";
  return `[${title}](${toLink(env, target)}): ${lead}${about}`;
}

function renderOperation(operation: Operation): string[] {
  const { method, path, summary, description, needsToken, parameters, body, answers, fields, fieldsOf, example } =
    operation;
  return [
    `### ${method} ${path}`,
    "",
    `${summary}. ${description}${needsToken ? " Needs the operator's token: Authorization: Bearer." : ""}`,
    "",
    ...toList("Parameters:", parameters, ({ name, in: place, required, facts, description: text }) =>
      toEntry(name, `${place}, ${facts}${required ? ", required" : ""}`, text),
    ),
    ...toList("Body:", body, (field) => toEntry(field.path, field.facts, field.description)),
    ...toList("Answers:", answers, ({ status, description: text, types }) => toEntry(status, types.join(", "), text)),
    ...toList("Fields of the answer:", fields, (field) => toEntry(field.path, field.facts, field.description)),
    ...(fieldsOf ? [`Fields of the answer: as for "${fieldsOf.summary}".`, ""] : []),
    ...(example === undefined ? [] : ["Example:", "", "```", example.trimEnd(), "```", ""]),
  ];
}

function toList<T>(title: string, entries: readonly T[], toLine: (entry: T) => string): string[] {
  return entries.length === 0 ? [] : [title, "", ...entries.map(toLine), ""];
}

function toEntry(name: string, facts: string, description: string | undefined): string {
  return `- \`${name}\`${facts ? ` (${facts})` : ""}${description ? `: ${description}` : ""}`;
}

function toText(lines: readonly string[]): string {
  return `${lines.join("\n").trimEnd()}\n`;
}
