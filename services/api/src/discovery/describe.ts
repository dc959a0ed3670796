import { type Env, toLink } from "../env.ts";
import { AGENT_PATH, DOCS_PATH, OPENAPI_PATH } from "../paths.ts";
import type { SelfDescription } from "../ranking/schema.ts";
import { getAgentRoute } from "../routes/agent.ts";
import { getDashboardRoute } from "../routes/dashboard.ts";
import { getHealthRoute } from "../routes/health.ts";
import { listOperations } from "./operations.ts";
import { NOTES } from "./registry.ts";

/** The resource in its own words, from the OpenAPI document: what `docs=1` answers. */
export function describeDashboard(env: Pick<Env, "PUBLIC_URL">): SelfDescription {
  const { path, operationId, description } = getDashboardRoute;
  const { parameters = [], fields = [] } = listOperations().find(({ id }) => id === operationId) ?? {};
  return {
    endpoint: toLink(env, path),
    method: "GET",
    description,
    parameters: Object.fromEntries(parameters.map((parameter) => [parameter.name, toText(parameter)])),
    responseFormat: Object.fromEntries(fields.map((field) => [field.path, toText(field)])),
    notes: [...NOTES],
    links: {
      agent: toLink(env, getAgentRoute.path),
      health: toLink(env, getHealthRoute.path),
      openapi: toLink(env, OPENAPI_PATH),
      docs: toLink(env, DOCS_PATH),
      describedBy: toLink(env, AGENT_PATH),
      page: toLink(env, "/dashboard"),
    },
  };
}

function toText({ facts, description }: { facts: string; description: string | undefined }): string {
  return description ? `${facts}: ${description}` : facts;
}
