import { createRoute, z } from "@hono/zod-openapi";
import { noQuery } from "../../parameters.ts";
import { toProblemResponses } from "../../problem.ts";
import { agentExample, dashboardExample } from "./examples.ts";
import {
  addressParamsSchema,
  agentAnswerSchema,
  dashboardQuerySchema,
  dashboardSchema,
  selfDescriptionSchema,
} from "./schema.ts";

const validators = {
  ETag: { schema: { type: "string" as const }, description: "Weak validator of version and query, for If-None-Match." },
};

export const getDashboardRoute = createRoute({
  method: "get",
  path: "/api/dashboard",
  operationId: "getDashboard",
  tags: ["Rankings"],
  summary: "A page of the ranking",
  description:
    "Agents by the US dollar value of what they hold: BTC, STX, sBTC and Stacks tokens. Follow the Link header to page: its links pin the version, and the pages of one version are exactly its ranking.",
  request: { query: dashboardQuerySchema },
  responses: {
    200: {
      description: "The page, or with docs=1 the description of this resource.",
      headers: {
        ...validators,
        Link: {
          schema: { type: "string" },
          description: "RFC 8288: first, prev, next and last, pinned to the version.",
        },
      },
      content: {
        "application/json": { schema: z.union([dashboardSchema, selfDescriptionSchema]), example: dashboardExample },
      },
    },
    304: { description: "Unchanged since the ETag in If-None-Match.", headers: validators },
    ...toProblemResponses(
      "invalid-request",
      "agent-not-found",
      "agent-not-ranked",
      "version-unknown",
      "version-gone",
      "internal",
      "database-unavailable",
    ),
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
      content: { "application/json": { schema: agentAnswerSchema, example: agentExample } },
    },
    304: { description: "Unchanged since the ETag in If-None-Match.", headers: validators },
    ...toProblemResponses("invalid-request", "agent-not-found", "internal", "database-unavailable"),
  },
});
