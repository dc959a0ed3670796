import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type AppEnv, toLink } from "../env.ts";
import { setCachePolicy } from "../http/cache-policy.ts";
import { isUnchanged, toDigest } from "../http/etag.ts";
import { CSV_TYPE, MARKDOWN_TYPE } from "../http/negotiate.ts";
import type { AgentAddress } from "../http/parameters.ts";
import { toProblemResponses } from "../http/problem.ts";
import { logError } from "../log.ts";
import { DASHBOARD_CSV_PATH, DASHBOARD_MARKDOWN_PATH, DASHBOARD_PATH } from "../paths.ts";
import { CSV_HEADER } from "./csv.ts";
import { openCsv } from "./csv-stream.ts";
import { csvExample, markdownAgentExample, markdownExample } from "./examples.ts";
import { renderAgentMarkdown, renderDashboardMarkdown } from "./markdown.ts";
import { findRanking, type PagePlan, readAgent, readPage } from "./read.ts";
import { isPageUnchanged, setAgentPolicy, setPageLinks } from "./visit.ts";
import { toNeighbours, toPagePath } from "./window.ts";

// Answers that two routes give, one by its path and one by negotiation, with how OpenAPI describes them.

export async function answerMarkdown(c: Context<AppEnv>, plan: PagePlan, path: string): Promise<Response> {
  if (isPageUnchanged(c, plan, "md")) return c.body(null, 304);
  setPageLinks(c, plan, path);
  const { publication, window, words } = plan;
  const version = publication?.version ?? 0;
  const next = words ? undefined : toNeighbours(window, publication?.agents ?? 0).get("next");
  const search = words && `?q=${encodeURIComponent(words.join(" "))}&limit=${window.limit}&version=${version}`;
  const dashboard = await readPage(c.var.db, plan);
  const text = renderDashboardMarkdown(dashboard, {
    isSearch: words !== undefined,
    next: next && toLink(c.env, toPagePath(DASHBOARD_MARKDOWN_PATH, next, version)),
    json: toLink(c.env, search ? DASHBOARD_PATH + search : toPagePath(DASHBOARD_PATH, window, version)),
    csv: toLink(c.env, `${DASHBOARD_CSV_PATH}?version=${version}`),
  });
  return c.body(text, 200, { "Content-Type": `${MARKDOWN_TYPE}; charset=utf-8` });
}

export async function answerAgentMarkdown(c: Context<AppEnv>, address: AgentAddress): Promise<Response> {
  const agent = await readAgent(c.var.db, address);
  setAgentPolicy(c, agent);
  const text = renderAgentMarkdown(agent);
  if (isUnchanged(c, [agent.version, "md", await toDigest(text)])) return c.body(null, 304);
  return c.body(text, 200, { "Content-Type": `${MARKDOWN_TYPE}; charset=utf-8` });
}

export async function answerCsv(c: Context<AppEnv>, version: number | undefined): Promise<Response> {
  const publication = await findRanking(c.var.db, version);
  setCachePolicy(c, publication ? "snapshot" : "none");
  if (publication && isUnchanged(c, [publication.version, "csv"])) return c.body(null, 304);
  const onCut = (error: unknown) => logError("csv.cut", error, { requestId: c.var.requestId });
  const body = publication ? await openCsv(c.var.db, publication, onCut) : CSV_HEADER;
  return c.body(body, 200, {
    "Content-Type": `${CSV_TYPE}; charset=utf-8; header=present`,
    "Content-Disposition": `attachment; filename="standings-${publication?.version ?? 0}.csv"`,
    "X-Total-Count": String(publication?.agents ?? 0),
  });
}

const text = (description: string) => ({ schema: { type: "string" as const }, description });

export const validators = { ETag: text("Weak validator of version, query and format, for If-None-Match.") };
export const unchanged = { 304: { description: "Unchanged since the ETag in If-None-Match.", headers: validators } };
export const pageHeaders = {
  ...validators,
  Link: text("RFC 8288: first, prev, next and last, pinned to the version. Not with q."),
};
export const csvHeaders = {
  ...validators,
  "Content-Disposition": text("A file name with the version."),
  "X-Total-Count": { schema: { type: "integer" as const }, description: "Rows without the header row." },
};
export const markdown = { "text/markdown": { schema: z.string(), example: markdownExample } };
export const markdownAgent = { "text/markdown": { schema: z.string(), example: markdownAgentExample } };
export const csv = { "text/csv": { schema: z.string(), example: csvExample } };

export const pageProblems = toProblemResponses(
  "invalid-request",
  "agent-not-found",
  "agent-not-ranked",
  "version-unknown",
  "version-gone",
  "too-many-searches",
  "internal",
  "database-unavailable",
);
export const agentProblems = toProblemResponses(
  "invalid-request",
  "agent-not-found",
  "internal",
  "database-unavailable",
);
