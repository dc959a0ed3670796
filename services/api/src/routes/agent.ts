import { createRoute, z } from "@hono/zod-openapi";
import { noQuery } from "../../parameters.ts";
import { toProblemResponses } from "../../problem.ts";
import { agentExample, csvExample, dashboardExample, markdownAgentExample, markdownExample } from "./examples.ts";
import {
  addressParamsSchema,
  agentAnswerSchema,
  dashboardQuerySchema,
  dashboardSchema,
  pageQuerySchema,
  rankingQuerySchema,
  selfDescriptionSchema,
} from "./schema.ts";

const validators = {
  ETag: {
    schema: { type: "string" as const },
    description: "Weak validator of version, query and format, for If-None-Match.",
  },
};
const unchanged = { 304: { description: "Unchanged since the ETag in If-None-Match.", headers: validators } };
const pageHeaders = {
  ...validators,
  Link: {
    schema: { type: "string" as const },
    description: "RFC 8288: first, prev, next and last, pinned to the version. Not with q.",
  },
};
const csvHeaders = {
  ...validators,
  "Content-Disposition": { schema: { type: "string" as const }, description: "A file name with the version." },
  "X-Total-Count": { schema: { type: "integer" as const }, description: "Rows without the header row." },
};
const markdown = { "text/markdown": { schema: z.string(), example: markdownExample } };
const markdownAgent = { "text/markdown": { schema: z.string(), example: markdownAgentExample } };
const csv = { "text/csv": { schema: z.string(), example: csvExample } };
const pageProblems = toProblemResponses(
  "invalid-request",
  "agent-not-found",
  "agent-not-ranked",
  "version-unknown",
  "version-gone",
  "too-many-searches",
  "internal",
  "database-unavailable",
);
const agentProblems = toProblemResponses("invalid-request", "agent-not-found", "internal", "database-unavailable");

export const getDashboardRoute = createRoute({
  method: "get",
  path: "/api/dashboard",
  operationId: "getDashboard",
  tags: ["Rankings"],
  summary: "A page of the ranking",
  description:
    "Agents by the US dollar value of what they hold: BTC, STX, sBTC and Stacks tokens. Follow the Link header to page: its links pin the version, and the pages of one version are exactly its ranking. Accept: text/csv is the whole ranking.",
  request: { query: dashboardQuerySchema },
  responses: {
    200: {
      description: "The page, or with docs=1 the description of this resource.",
      headers: pageHeaders,
      content: {
        "application/json": { schema: z.union([dashboardSchema, selfDescriptionSchema]), example: dashboardExample },
        ...markdown,
        ...csv,
      },
    },
    ...unchanged,
    ...pageProblems,
  },
});

export const getDashboardCsvRoute = createRoute({
  method: "get",
  path: "/api/dashboard.csv",
  operationId: "getDashboardCsv",
  tags: ["Rankings"],
  summary: "The whole ranking as CSV",
  description:
    "All agents of one version, a row each, in rank order: RFC 4180, UTF-8, with a header row. Text that a spreadsheet would take for a formula begins with an apostrophe. If the version is pruned on the way, the connection is cut.",
  request: { query: rankingQuerySchema },
  responses: {
    200: { description: "The ranking.", headers: csvHeaders, content: csv },
    ...unchanged,
    ...toProblemResponses("invalid-request", "version-unknown", "version-gone", "internal", "database-unavailable"),
  },
});

export const getDashboardMarkdownRoute = createRoute({
  method: "get",
  path: "/api/dashboard.md",
  operationId: "getDashboardMarkdown",
  tags: ["Rankings"],
  summary: "A page of the ranking as Markdown",
  description: "The same page as /api/dashboard with the same query, as a compact table for agents that read text.",
  request: { query: pageQuerySchema },
  responses: {
    200: { description: "The page.", headers: pageHeaders, content: markdown },
    ...unchanged,
    ...pageProblems,
  },
});

export const getAgentRoute = createRoute({
  method: "get",
  path: "/api/dashboard/{address}",
  operationId: "getAgent",
  tags: ["Rankings"],
  summary: "One agent",
  description:
    "The agent's row in the newest ranking, by Stacks or Bitcoin address. A registered agent whose sources have not all answered yet is pending: rank is null and the values are what is known.",
  request: { params: addressParamsSchema, query: noQuery },
  responses: {
    200: {
      description: "The agent.",
      headers: validators,
      content: { "application/json": { schema: agentAnswerSchema, example: agentExample }, ...markdownAgent },
    },
    ...unchanged,
    ...agentProblems,
  },
});

export const getAgentMarkdownRoute = createRoute({
  method: "get",
  path: "/api/dashboard/{address}.md",
  operationId: "getAgentMarkdown",
  tags: ["Rankings"],
  summary: "One agent as Markdown",
  description: "The same as /api/dashboard/{address}, as text, with all of the agent's tokens.",
  request: { params: addressParamsSchema, query: noQuery },
  responses: {
    200: { description: "The agent.", headers: validators, content: markdownAgent },
    ...unchanged,
    ...agentProblems,
  },
});
