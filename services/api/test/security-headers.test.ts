import { beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { clearDatabase, crowd, publish, rebuilder, request, STX, status, TOKEN, tickReport } from "./builders.ts";

const EXAMPLES: Record<string, string> = { address: STX[0], code: "version-gone" };

const ROUTES = [
  ...new Set(
    createApp()
      .routes.filter((route) => route.method !== "ALL")
      .map((route) => `${route.method} ${route.path}`),
  ),
].map((route) => {
  const [method = "", path = ""] = route.split(" ");
  return { method, path: path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => EXAMPLES[name] ?? "x") };
});

/** Besides every route: what no route answers. */
const OTHERS = [
  { method: "GET", path: "/nothing" },
  { method: "GET", path: "/api/nothing" },
  { method: "GET", path: "/api/admin/nothing" },
  { method: "GET", path: "/api/dashboard?limit=0" },
  { method: "GET", path: "/api/dashboard?version=999" },
  { method: "DELETE", path: "/api/dashboard" },
  { method: "OPTIONS", path: "/api/dashboard" },
  { method: "GET", path: "/mcp" },
];

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  await clearDatabase();
  await publish([{ stx: STX[0] }, ...crowd(3)]);
});

function expectSafe(response: Response): void {
  const { headers } = response;
  expect(headers.get("Strict-Transport-Security")).toMatch(/^max-age=31536000/);
  expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(headers.get("X-Frame-Options")).toBe("DENY");
  expect(headers.get("Referrer-Policy")).toBe("no-referrer");
  const policy = headers.get("Content-Security-Policy") ?? "";
  for (const directive of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    expect(policy).toContain(directive);
  }
  expect(policy).not.toMatch(/unsafe|script-src|https?:|\*/);
  expect(headers.get("Cache-Control")).toBeTruthy();
  expect(headers.get("Cloudflare-CDN-Cache-Control")).toBeTruthy();
  expect(headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get("X-Powered-By") ?? headers.get("Server")).toBeNull();
}

describe.each([...ROUTES, ...OTHERS])("$method $path", ({ method, path }) => {
  const api = rebuilder({
    status: async () => status(),
    tick: async () => ({ ok: true, report: tickReport(), joined: false }),
    pause: async () => status(),
    resume: async () => status(),
    reset: async () => status(),
  });

  it.each([
    ["a stranger", {}],
    ["the operator", { Authorization: `Bearer ${TOKEN}` }],
    ["a browser", { Accept: "text/html", Origin: "https://other.example" }],
    ["an unchanged copy", { "If-None-Match": "*" }],
  ])("answers %s with every security header", async (_, headers) => {
    expectSafe(await request(path, { method, headers: headers as Record<string, string> }, { REBUILDER: api }));
  });

  it("keeps them when the database fails", async () => {
    const DB = new Proxy({} as D1Database, {
      get: () => () => {
        throw new Error("D1_ERROR: lost");
      },
    });
    expectSafe(await request(path, { method }, { DB }));
  });
});
