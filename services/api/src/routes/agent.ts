import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../env.ts";
import { isUnchanged, toDigest } from "../http/etag.ts";
import { JSON_TYPE, MARKDOWN_TYPE, negotiate } from "../http/negotiate.ts";
import { noQuery } from "../http/parameters.ts";
import { DASHBOARD_PATH } from "../paths.ts";
import { agentProblems, answerAgentMarkdown, markdownAgent, unchanged, validators } from "../ranking/answers.ts";
import { agentExample } from "../ranking/examples.ts";
import { readAgent } from "../ranking/read.ts";
import { addressParamsSchema, agentAnswerSchema } from "../ranking/schema.ts";
import { setAgentPolicy } from "../ranking/visit.ts";

export const getAgentRoute = createRoute({
  method: "get",
  path: `${DASHBOARD_PATH}/{address}` as const,
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

export function registerAgent(app: OpenAPIHono<AppEnv>): void {
  app.openapi(getAgentRoute, async (c) => {
    const { address } = c.req.valid("param");
    if (negotiate(c, [JSON_TYPE, MARKDOWN_TYPE]) === MARKDOWN_TYPE) return answerAgentMarkdown(c, address);
    const agent = await readAgent(c.var.db, address);
    setAgentPolicy(c, agent);
    // A digest, since what is known of a pending agent changes without a version.
    if (isUnchanged(c, [agent.version, await toDigest(JSON.stringify(agent))])) return c.body(null, 304);
    return c.json(agent, 200);
  });
}
