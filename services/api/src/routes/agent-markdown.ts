import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../env.ts";
import { toInvalidInput } from "../http/errors.ts";
import { noQuery } from "../http/parameters.ts";
import { problem } from "../http/problem.ts";
import { DASHBOARD_PATH } from "../paths.ts";
import { agentProblems, answerAgentMarkdown, markdownAgent, unchanged, validators } from "../ranking/answers.ts";
import { addressParamsSchema } from "../ranking/schema.ts";

export const getAgentMarkdownRoute = createRoute({
  method: "get",
  path: `${DASHBOARD_PATH}/{address}.md` as const,
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

/** Before the route of an agent, whose path takes this one too. */
export function registerAgentMarkdown(app: OpenAPIHono<AppEnv>): void {
  // Hono has no path with a parameter and an ending, OpenAPI has.
  app.openAPIRegistry.registerPath(getAgentMarkdownRoute);
  app.get(`${DASHBOARD_PATH}/:file{[^/]+\\.md}`, async (c) => {
    const unknown = Object.keys(c.req.query()).map((parameter) => ({ parameter, detail: "is not known here" }));
    if (unknown.length > 0) throw problem("invalid-request", { errors: unknown });
    const params = addressParamsSchema.safeParse({ address: c.req.param("file").slice(0, -".md".length) });
    if (!params.success) throw toInvalidInput(params.error.issues, "param");
    return answerAgentMarkdown(c, params.data.address);
  });
}
