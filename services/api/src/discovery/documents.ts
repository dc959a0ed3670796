import { type Env, toLink } from "../env.ts";
import { MCP_REVISIONS } from "../mcp/server.ts";
import { TOOLS } from "../mcp/tools.ts";
import {
  ADMIN_PATH,
  CATALOG_PATH,
  DASHBOARD_PATH,
  DOCS_PATH,
  LLMS_FULL_PATH,
  LLMS_PATH,
  MCP_PATH,
  METRICS_PATH,
  OPENAPI_PATH,
} from "../paths.ts";
import { SERVICE } from "../service.ts";
import { listResources, listSections, NOTES, type Relation } from "./registry.ts";
import type { AgentDocument, Index, Linkset } from "./schema.ts";

type Links = Pick<Env, "PUBLIC_URL">;

export function toIndex(env: Links): Index {
  return {
    name: SERVICE.name,
    version: SERVICE.version,
    description: `${SERVICE.summary}. ${SERVICE.description}`,
    sections: listSections().map(({ title, resources }) => ({
      title,
      links: resources.map(({ path, title: name, about, type }) => ({
        href: toLink(env, path),
        ...(path.includes("{") && { templated: true as const }),
        title: name,
        about,
        type,
      })),
    })),
  };
}

export function toAgentDocument(env: Links): AgentDocument {
  return {
    name: SERVICE.name,
    description: `${SERVICE.summary}. ${SERVICE.description}`,
    version: SERVICE.version,
    url: toLink(env, "/"),
    documentationUrl: toLink(env, DOCS_PATH),
    authentication: { schemes: ["none"] },
    interfaces: [
      {
        type: "mcp",
        url: toLink(env, MCP_PATH),
        transport: "streamable-http",
        protocolVersions: [...MCP_REVISIONS],
      },
      { type: "openapi", url: toLink(env, OPENAPI_PATH), version: "3.1.0" },
    ],
    skills: TOOLS.map(({ name, title, description, path }) => ({
      id: name.replaceAll("_", "-"),
      name: title,
      description,
      tags: ["bitcoin", "stacks", "sbtc", "agents", "portfolio", "ranking"],
      mcpTool: name,
      http: { method: "GET", urlTemplate: toLink(env, path) },
    })),
    notes: [...NOTES],
    links: Object.fromEntries(
      listResources().flatMap(({ path, relation }) => (relation ? [[relation, toLink(env, path)]] : [])),
    ),
  };
}

export function toLinkset(env: Links): Linkset {
  const related = (relation: Relation) =>
    listResources()
      .filter((resource) => resource.relation === relation)
      .map(({ path, type }) => ({ href: toLink(env, path), type }));
  const reference = { href: toLink(env, LLMS_FULL_PATH), type: "text/plain" };
  return {
    linkset: [
      {
        anchor: toLink(env, CATALOG_PATH),
        item: [DASHBOARD_PATH, MCP_PATH].map((path) => ({ href: toLink(env, path) })),
      },
      {
        anchor: toLink(env, DASHBOARD_PATH),
        "service-desc": related("service-desc"),
        "service-doc": [...related("service-doc"), reference],
        "service-meta": related("service-meta"),
        status: related("status"),
      },
      { anchor: toLink(env, MCP_PATH), "service-doc": [reference], "service-meta": related("service-meta") },
    ],
  };
}

export function renderRobots(env: Links): string {
  return [
    `# For agents: ${toLink(env, LLMS_PATH)}`,
    "User-agent: *",
    `Disallow: ${ADMIN_PATH}/`,
    `Disallow: ${METRICS_PATH}`,
    "Allow: /",
    "",
  ].join("\n");
}
