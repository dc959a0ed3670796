import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../src/app.ts";
import { buildOpenApiDocument } from "../src/discovery/openapi.ts";
import { CACHE_POLICIES, type CachePolicy } from "../src/http/cache-policy.ts";
import {
  BTC,
  clearDatabase,
  crowd,
  list,
  publish,
  rebuilder,
  request,
  STX,
  status,
  TOKEN,
  tickReport,
} from "./builders.ts";
import { readDocument } from "./declared.ts";

const { operations } = readDocument(buildOpenApiDocument());

const REBUILDER = rebuilder({
  status: async () => status(),
  tick: async () => ({ ok: true, report: tickReport(), joined: false }),
  pause: async () => status(),
  resume: async () => status(),
  reset: async () => status(),
  accept: async () => ({ ok: true }),
});

/** What a client with the token would send to have an answer of 200. */
function toRequest(path: string, method: string): [target: string, init: RequestInit] {
  const body = path.endsWith("/accept") ? { id: "roster-41" } : {};
  const headers: Record<string, string> = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const target = path
    .replace("{address}", STX[0])
    .replace(":address", STX[0])
    .replace(/:file\{.*\}/, `${STX[0]}.md`);
  return [
    target.replace(":code", "internal"),
    { method, headers, ...(method === "POST" && { body: JSON.stringify(body) }) },
  ];
}

beforeEach(async () => {
  await clearDatabase();
  await publish([{ stx: STX[0], btc: BTC[0], name: "Marten" }, ...crowd(3)], { staleAfter: Date.now() + 600_000 });
  await list(STX[0], BTC[0], "Marten");
});

function findPolicy(response: Response): CachePolicy | undefined {
  const [clients, edge] = ["Cache-Control", "Cloudflare-CDN-Cache-Control"].map((name) => response.headers.get(name));
  return (Object.keys(CACHE_POLICIES) as CachePolicy[]).find(
    (name) => CACHE_POLICIES[name].clients === clients && CACHE_POLICIES[name].edge === edge,
  );
}

describe("the cache policy", () => {
  it.each(operations)("of a 200 of $method $path is a named one", async ({ path, method, needsToken }) => {
    const response = await request(...toRequest(path, method), { REBUILDER });
    expect(response.status).toBe(200);
    await response.text();
    expect(findPolicy(response)).toBeDefined();
    if (needsToken || path === "/api/health") expect(findPolicy(response)).toBe("none");
  });

  const pages = createApp()
    .routes.filter(({ method, path }) => method === "GET" && !path.includes("*"))
    .map(({ path }) => path);
  it.each([...new Set(pages)])("of a 200 of the route %s is a named one", async (path) => {
    const response = await request(...toRequest(path, "GET"), { REBUILDER });
    await response.text();
    expect(findPolicy(response)).toBeDefined();
    if (response.status !== 200) expect(findPolicy(response)).toBe("none");
  });
});

describe("one URL", () => {
  const URLS = [
    "/api/dashboard?limit=2",
    "/api/dashboard?q=marten",
    "/api/dashboard?docs=1",
    "/api/dashboard.csv",
    "/api/dashboard.md?limit=2",
    `/api/dashboard/${STX[0]}`,
    `/api/dashboard/${STX[0]}.md`,
    "/openapi.json",
    "/dashboard?limit=2",
    `/dashboard/${STX[0]}`,
  ];
  const HEADERS: Record<string, string>[] = [
    { "Accept-Language": "de" },
    { "Accept-Encoding": "identity" },
    { Authorization: `Bearer ${TOKEN}` },
    { Cookie: "a=b" },
    { Host: "evil.example" },
    { Forwarded: "host=evil.example" },
    { "X-Forwarded-Host": "evil.example" },
    { "X-Forwarded-Proto": "http" },
    { "X-Original-URL": "/api/health" },
    { "X-HTTP-Method-Override": "POST" },
    { "X-Request-Id": "mine" },
    { "User-Agent": "curl/8" },
    { Origin: "https://other.example" },
    { Range: "bytes=0-3" },
    { "CF-Connecting-IP": "192.0.2.1" },
    { Prefer: "return=minimal" },
  ];

  it.each(URLS)("gives the same bytes whatever headers vary, but for what Vary names: %s", async (url) => {
    const plain = await request(url);
    const body = await plain.text();
    const varies = plain.headers.get("Vary")?.includes("Accept") ?? false;
    for (const headers of varies ? HEADERS : [...HEADERS, { Accept: "text/csv" }, { Accept: "text/markdown" }]) {
      const response = await request(url, { headers });
      expect([headers, response.status, await response.text()]).toEqual([headers, 200, body]);
      expect(response.headers.get("ETag")).toBe(plain.headers.get("ETag"));
      expect(response.headers.get("Content-Type")).toBe(plain.headers.get("Content-Type"));
    }
  });
});
