import { type Env, toLink } from "../../env.ts";
import { buildOpenApiDocument } from "../openapi/document.ts";
import { getDashboardRoute } from "./routes.ts";
import type { SelfDescription } from "./schema.ts";

interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  format?: string;
  const?: unknown;
  anyOf?: JsonSchema[];
}

/** The resource in its own words, from the OpenAPI document: what `docs=1` answers. */
export function describeDashboard(env: Pick<Env, "PUBLIC_URL">): SelfDescription {
  const document = buildOpenApiDocument(env.PUBLIC_URL);
  const operation = document.paths?.[getDashboardRoute.path]?.get;
  const parameters = (operation?.parameters ?? []) as { name: string; description?: string; schema: JsonSchema }[];
  const components = (document.components?.schemas ?? {}) as Record<string, JsonSchema>;
  return {
    endpoint: toLink(env, getDashboardRoute.path),
    method: "GET",
    description: getDashboardRoute.description,
    parameters: Object.fromEntries(parameters.map(({ name, schema }) => [name, describeSchema(schema)])),
    responseFormat: Object.fromEntries(describeFields({ $ref: "#/components/schemas/Dashboard" }, components, "")),
    notes: [
      "Money is a number of US dollars, balances are strings of base units, times are RFC 3339 in UTC.",
      "A token without a known price has priced: false and counts 0 towards totalUsd. A price of null was never known.",
      "A failed fetch never changes a value: fetchError marks agents that are ranked by their last good values.",
      "To read the whole ranking, follow the Link header until it has no next. All pages belong to one version.",
      "A version is kept for about 15 minutes. 410 means: start again without version.",
      "Answers carry an ETag: send it back as If-None-Match and get 304 while nothing has changed.",
    ],
    links: {
      agent: toLink(env, "/api/dashboard/{address}"),
      health: toLink(env, "/api/health"),
      openapi: toLink(env, "/openapi.json"),
      page: toLink(env, "/dashboard"),
    },
  };
}

function describeSchema(schema: JsonSchema): string {
  const { minimum, maximum, type, format } = schema;
  const alternatives = schema.anyOf?.map((alternative) => alternative.type).filter(Boolean);
  const types = [type ?? alternatives ?? (schema.const === undefined ? [] : JSON.stringify(schema.const))].flat();
  const facts = [
    types.join(" or "),
    format,
    minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}` : undefined,
    schema.default === undefined ? undefined : `default ${schema.default}`,
  ].filter((fact) => fact !== undefined && fact !== "");
  return schema.description ? `${facts.join(", ")}: ${schema.description}` : facts.join(", ");
}

function describeFields(schema: JsonSchema, components: Record<string, JsonSchema>, path: string): [string, string][] {
  const resolved = schema.$ref ? components[schema.$ref.split("/").at(-1) ?? ""] : schema;
  if (!resolved) return [];
  const own: [string, string][] = path ? [[path, describeSchema(resolved)]] : [];
  const fields = Object.entries(resolved.properties ?? {}).flatMap(([name, field]) =>
    describeFields(field, components, path ? `${path}.${name}` : name),
  );
  const items = resolved.items ? describeFields(resolved.items, components, `${path}[]`) : [];
  return [...own, ...fields, ...items];
}
