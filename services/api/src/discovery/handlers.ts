import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type { AppEnv, Env } from "../env.ts";
import { setCachePolicy } from "../http/cache-policy.ts";
import { noQuery } from "../http/parameters.ts";
import { AGENT_PATH, CATALOG_PATH, DOCS_PATH, LLMS_FULL_PATH, LLMS_PATH, ROBOTS_PATH } from "../paths.ts";
import { renderDocsPage } from "./docs-page.tsx";
import { renderRobots, toAgentDocument, toIndex, toLinkset } from "./documents.ts";
import { renderIndexPage } from "./index-page.tsx";
import { renderLlms, renderLlmsFull } from "./llms.ts";
import { toServiceLinks } from "./registry.ts";

const HTML = "text/html; charset=UTF-8";
const TEXT = "text/plain; charset=UTF-8";
const JSON_TYPE = "application/json";
const LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"';

type Render = (env: Pick<Env, "PUBLIC_URL">) => string;

const toJson =
  (toValue: (env: Pick<Env, "PUBLIC_URL">) => unknown): Render =>
  (env) =>
    JSON.stringify(toValue(env), null, 2);

const DOCUMENTS: readonly { path: string; type: string; render: Render }[] = [
  { path: DOCS_PATH, type: HTML, render: renderDocsPage },
  { path: LLMS_PATH, type: TEXT, render: renderLlms },
  { path: LLMS_FULL_PATH, type: TEXT, render: renderLlmsFull },
  { path: AGENT_PATH, type: JSON_TYPE, render: toJson(toAgentDocument) },
  { path: CATALOG_PATH, type: LINKSET, render: toJson(toLinkset) },
  { path: ROBOTS_PATH, type: TEXT, render: renderRobots },
];

// Like pages, these are validated like the API and are no part of its OpenAPI document.
const document = {
  hide: true,
  method: "get",
  responses: { 200: { description: "A description of this service" } },
} as const;

export function registerDiscovery(app: OpenAPIHono<AppEnv>): void {
  for (const { path, type, render } of DOCUMENTS) {
    const rendered = createMemory(render);
    app.openapi(createRoute({ ...document, path, request: { query: noQuery } }), (c) => {
      return answer(c, type, rendered(c.env));
    });
  }
  const index = { html: createMemory(renderIndexPage), json: createMemory(toJson(toIndex)) };
  app.openapi(createRoute({ ...document, path: "/", request: { query: noQuery } }), (c) => {
    c.header("Vary", "Accept", { append: true });
    const wanted = accepts(c, { header: "Accept", supports: ["text/html", JSON_TYPE], default: "text/html" });
    return wanted === JSON_TYPE ? answer(c, JSON_TYPE, index.json(c.env)) : answer(c, HTML, index.html(c.env));
  });
}

function answer(c: Context<AppEnv>, type: string, body: string) {
  setCachePolicy(c, "static");
  c.header("Link", toServiceLinks(c.env));
  return c.body(body, 200, { "Content-Type": type });
}

/** Only a deploy changes what is rendered, and a deploy begins with a new isolate. */
function createMemory(render: Render): Render {
  const rendered = new Map<string, string>();
  return (env) => {
    const known = rendered.get(env.PUBLIC_URL);
    if (known !== undefined) return known;
    const text = render(env);
    rendered.set(env.PUBLIC_URL, text);
    return text;
  };
}
