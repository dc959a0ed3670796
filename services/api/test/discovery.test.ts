import type { z } from "@hono/zod-openapi";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../src/app.ts";
import { listOperations } from "../src/discovery/operations.ts";
import { listResources } from "../src/discovery/registry.ts";
import { agentDocumentSchema, indexSchema, linksetSchema } from "../src/discovery/schema.ts";
import { PROBLEMS } from "../src/http/problem-codes.ts";
import { TOOLS } from "../src/mcp/tools.ts";
import { MCP_PATH } from "../src/paths.ts";
import { healthSchema } from "../src/ranking/health.ts";
import { agentAnswerSchema, dashboardSchema, selfDescriptionSchema } from "../src/ranking/schema.ts";
import { clearDatabase, crowd, expectProblem, publish, readBody, request, STX } from "./builders.ts";

const PUBLIC_URL = "https://standings.example";
const AS_PROGRAM = { headers: { Accept: "application/json" } };

const DOCUMENTS = [
  { path: "/", type: "text/html" },
  { path: "/", type: "application/json", init: AS_PROGRAM },
  { path: "/docs", type: "text/html" },
  { path: "/llms.txt", type: "text/plain" },
  { path: "/llms-full.txt", type: "text/plain" },
  { path: "/.well-known/agent.json", type: "application/json" },
  { path: "/.well-known/api-catalog", type: "application/linkset+json" },
  { path: "/robots.txt", type: "text/plain" },
  { path: "/api/dashboard?docs=1", type: "application/json" },
  { path: "/openapi.json", type: "application/json" },
];

const SCHEMAS: Record<string, z.ZodType> = {
  "/api/dashboard": dashboardSchema,
  "/api/dashboard?docs=1": selfDescriptionSchema,
  [`/api/dashboard/${STX[0]}`]: agentAnswerSchema,
  "/api/health": healthSchema,
  "/.well-known/agent.json": agentDocumentSchema,
  "/.well-known/api-catalog": linksetSchema,
};

beforeEach(async () => {
  await clearDatabase();
  await publish([{ stx: STX[0] }, ...crowd(3)], { staleAfter: Date.now() + 60_000 });
});

/** Every address that a document names, as it stands there. */
function listNamed(type: string, path: string, text: string): string[] {
  if (type === "text/html") {
    return [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, url = ""]) => url.replaceAll("&amp;", "&"));
  }
  if (path === "/robots.txt")
    return [...text.matchAll(/^(?:#.*? |\w+: )((?:\/|https:)\S*)$/gm)].map(([, url = ""]) => url);
  if (type === "text/plain") return [...text.matchAll(/\]\(([^)]*)\)/g)].map(([, url = ""]) => url);
  const value: unknown = JSON.parse(text);
  if (path === "/openapi.json") {
    const { paths, servers } = value as { paths: Record<string, { get?: unknown }>; servers: { url: string }[] };
    const base = servers[0]?.url.replace(/\/$/, "");
    const types = [...text.matchAll(/"type":\s*"([^"]*\/problems\/[^"]*)"/g)].map(([, url = ""]) => url);
    return [...Object.keys(paths).flatMap((key) => (paths[key]?.get ? [`${base}${key}`] : [])), ...types];
  }
  return listStrings(value).filter((string) => /^(?:\/|https?:)\S*$/.test(string));
}

function listStrings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(listStrings) : [];
}

/** An address of this service as a request to it; a place for a value gets one. */
function toRequestPath(url: string, from = "/"): string {
  const { origin, pathname, search } = new URL(url.replaceAll("{address}", STX[0]), PUBLIC_URL + from);
  expect(origin, `${url} leads elsewhere`).toBe(PUBLIC_URL);
  return pathname + search;
}

async function expectReachable(url: string, from = "/"): Promise<void> {
  const path = toRequestPath(url, from);
  const response = await request(path);
  const type = response.headers.get("Content-Type") ?? "";
  if (path.startsWith("/api/admin") || path === "/api/metrics")
    return void (await expectProblem(response, 401, "unauthorized"));
  if (path === MCP_PATH) return expectMcp();
  expect([path, response.status]).toEqual([path, 200]);
  const known = listResources().find((resource) => toRequestPath(resource.path) === path);
  if (known) expect(type.split(";")[0]).toBe(known.type);
  const schema = SCHEMAS[path];
  if (schema) await readBody(response, schema);
  else if (type.startsWith("application/json")) expect(await response.json()).toBeTypeOf("object");
  else expect((await response.text()).length).toBeGreaterThan(20);
  const fragment = url.split("#")[1];
  if (fragment) expect(await (await request(path)).text()).toContain(`id="${fragment}"`);
}

async function expectMcp(): Promise<void> {
  const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const response = await request(MCP_PATH, { method: "POST", headers, body });
  const text = await response.text();
  for (const { name } of TOOLS) expect(text).toContain(`"${name}"`);
}

describe.each(["", PUBLIC_URL])("with the public URL %j", (publicUrl) => {
  it.each(DOCUMENTS)("every address in $path as $type leads to what it says", async ({ path, type, init }) => {
    const response = await request(path, init, { PUBLIC_URL: publicUrl });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")?.split(";")[0]).toBe(type);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=300");
    const named = listNamed(type, path, await response.text());
    expect(named.length).toBeGreaterThan(2);
    const isForMachines = type !== "text/html" && path !== "/robots.txt";
    for (const url of new Set(named)) {
      if (isForMachines && !url.startsWith("/problems/")) expect(url.startsWith(publicUrl || "/"), url).toBe(true);
      await expectReachable(url, path);
    }
  });

  it("the Link header names the catalog, the description, the reference and the status", async () => {
    for (const path of ["/", "/docs", "/.well-known/api-catalog"]) {
      for (const method of ["GET", "HEAD"]) {
        const link = (await request(path, { method }, { PUBLIC_URL: publicUrl })).headers.get("Link") ?? "";
        for (const relation of ["api-catalog", "service-desc", "service-doc", "service-meta", "status"]) {
          expect(link).toContain(`rel="${relation}"`);
        }
        const urls = [...link.matchAll(/<([^>]*)>/g)].map(([, url = ""]) => url);
        for (const url of urls) await expectReachable(url);
      }
    }
  });

  it("no link depends on the host of the request", async () => {
    for (const { path, init } of DOCUMENTS) {
      const url = `https://evil.example${path}`;
      const text = await (await createAppRequest(url, init, publicUrl)).text();
      expect(text).not.toContain("evil.example");
    }
  });
});

function createAppRequest(url: string, init: RequestInit | undefined, publicUrl: string): Promise<Response> {
  return request(url, { ...init, headers: { ...init?.headers, Host: "evil.example" } }, { PUBLIC_URL: publicUrl });
}

describe("the registry", () => {
  it("names every page and document that the app serves, and every open operation of its API", () => {
    const served = createApp().routes.filter(({ method, path }) => method === "GET" && !path.startsWith("/api/"));
    const pages = served.map((route) => route.path.replace(/:(\w+)/g, "{$1}"));
    const apart = /^\/(assets\/|problems\/|dashboard\/|$)/;
    const open = listOperations().filter((operation) => !operation.needsToken);
    const registered = listResources().map((resource) => resource.path);
    for (const path of [...pages, ...open.map((operation) => operation.path)]) {
      if (!apart.test(path)) expect(registered).toContain(path);
    }
  });

  it("names nothing twice", () => {
    const paths = listResources().map((resource) => resource.path);
    expect(new Set(paths).size).toBe(paths.length);
  });
});

describe("the index", () => {
  it("is a page unless the client likes JSON better", async () => {
    const kinds = { "text/html,*/*;q=0.8": "text/html", "*/*": "text/html", "application/json": "application/json" };
    for (const [accept, type] of Object.entries(kinds)) {
      const response = await request("/", { headers: { Accept: accept } });
      expect(response.headers.get("Content-Type")?.split(";")[0]).toBe(type);
      expect(response.headers.get("Vary")).toContain("Accept");
    }
    await readBody(await request("/", AS_PROGRAM), indexSchema);
  });
});

describe("llms.txt", () => {
  it("has a title, a summary in a quote, and lists of links with notes under headings", async () => {
    const lines = (await (await request("/llms.txt")).text()).split("\n");
    expect(lines[0]).toBe("# Standings");
    expect(lines[2]).toMatch(/^> /);
    const from = lines.findIndex((line) => line.startsWith("## "));
    const items = lines.slice(from).filter((line) => line && !line.startsWith("## "));
    for (const item of items) expect(item).toMatch(/^- \[[^\]]+\]\([^)]+\): .+/);
    expect(items.length).toBe(listResources().length);
  });

  it("has all operations, parameters, problems and tools in its long form", async () => {
    const text = await (await request("/llms-full.txt")).text();
    for (const { method, path, parameters } of listOperations()) {
      expect(text).toContain(`### ${method} ${path}`);
      for (const parameter of parameters) expect(text).toContain(`- \`${parameter.name}\` (${parameter.in}`);
    }
    for (const code of Object.keys(PROBLEMS)) expect(text).toContain(`[${code}](/problems/${code})`);
    for (const { name } of TOOLS) expect(text).toContain(`- \`${name}\`: `);
    expect(text).not.toMatch(/undefined|\[object/);
  });
});

describe("the reference page", () => {
  it("has a place for every operation, and runs nothing", async () => {
    const html = await (await request("/docs")).text();
    expect(html).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=|undefined|\[object/);
    for (const { id, method, path } of listOperations()) {
      expect(html).toContain(`id="${id}"`);
      expect(html).toContain(`<b>${method}</b> ${path}`);
    }
  });
});

describe("the catalog", () => {
  it("is a linkset with the profile of RFC 9727, to HEAD too", async () => {
    for (const method of ["GET", "HEAD"]) {
      const response = await request("/.well-known/api-catalog", { method });
      expect(response.headers.get("Content-Type")).toBe(
        'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"',
      );
    }
    const { linkset } = linksetSchema.parse(await (await request("/.well-known/api-catalog")).json());
    expect(linkset[0]?.item?.map((item) => item.href)).toEqual(["/api/dashboard", "/mcp"]);
    expect(linkset[1]).toMatchObject({ anchor: "/api/dashboard", "service-desc": [{ href: "/openapi.json" }] });
  });
});
