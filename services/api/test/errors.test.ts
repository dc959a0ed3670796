import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { PROBLEMS, type ProblemCode } from "../src/http/problem-codes.ts";
import { clearDatabase, crowd, expectProblem, observe, publish, request, STX, TOKEN } from "./builders.ts";

const READS = [
  "/",
  "/api/dashboard",
  `/api/dashboard/${STX[0]}`,
  `/api/dashboard/${STX[0]}.md`,
  "/api/dashboard.csv",
  "/api/dashboard.md",
  "/api/dashboard?docs=1",
  "/api/dashboard?q=sp",
  "/api/health",
  "/openapi.json",
  "/api/openapi.json",
  "/dashboard",
  "/dashboard?q=sp",
  `/dashboard/${STX[0]}`,
  "/problems/version-gone",
  "/status",
  "/docs",
  "/llms.txt",
  "/llms-full.txt",
  "/.well-known/agent.json",
  "/.well-known/api-catalog",
  "/robots.txt",
];

const log = vi.spyOn(console, "error");

beforeEach(async () => {
  log.mockReset();
  log.mockImplementation(() => {});
  await clearDatabase();
  await publish([{ stx: STX[0] }, ...crowd(3)], { staleAfter: Date.now() + 60_000 });
});

function failing(message: string): D1Database {
  const { DB } = observe();
  DB.prepare = () => {
    throw new Error(message);
  };
  return DB;
}

describe("what does not exist", () => {
  it.each([
    "/nothing",
    "/api",
    "/api/nothing",
    "/api/dashboard/",
    "/dashboard/",
    "/problems/nothing",
    "/problems/constructor",
    "/assets/standings-0.css",
  ])("answers 404 for %s", async (path) => {
    await expectProblem(await request(path), 404, "not-found");
  });

  it.each(READS)("answers 405 with Allow for other methods on %s", async (path) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const response = await request(path, { method });
      expect(response.headers.get("Allow")).toBe("GET, HEAD, OPTIONS");
      await expectProblem(response, 405, "method-not-allowed");
    }
  });
});

describe("addresses that no client builds", () => {
  const LONG = "a".repeat(16_384);

  it.each([
    ["/%zz", 404],
    ["/api/%c3%28", 404],
    ["/api/dashboard/%zz", 400],
    ["/api/dashboard/%00", 400],
    [`/api/dashboard/${STX[0]}%zz.md`, 400],
    [`/${LONG}`, 404],
    [`/api/dashboard/${LONG}`, 400],
    [`/api/dashboard?q=${LONG}`, 400],
    [`/api/dashboard?${LONG}`, 400],
    [`/api/dashboard?limit=${LONG}`, 400],
    ["/api/dashboard?limit=%", 400],
    ["/api/dashboard?%zz=1", 400],
  ])("are answered as a problem: %.40s", async (path, status) => {
    await expectProblem(await request(path), status, status === 404 ? "not-found" : "invalid-request");
  });
});

describe("methods", () => {
  it.each(READS)("answers HEAD like GET without the body: %s", async (path) => {
    const [head, get] = await Promise.all([request(path, { method: "HEAD" }), request(path)]);
    expect(head.status).toBe(get.status);
    expect(await head.text()).toBe("");
    for (const name of ["Cache-Control", "Content-Type", "ETag", "Link"]) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
  });

  it("tells the allowed methods to OPTIONS, and 404 where there is nothing", async () => {
    const response = await request("/api/dashboard", { method: "OPTIONS" });
    expect([response.status, response.headers.get("Allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
    await expectProblem(await request("/nothing", { method: "OPTIONS" }), 404, "not-found");
  });
});

describe("other sites", () => {
  it("may read, and see the headers that matter", async () => {
    const response = await request("/api/dashboard", { headers: { Origin: "https://other.example" } });
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Access-Control-Expose-Headers")).toBe(
      "Link,ETag,Retry-After,X-Request-Id,X-Total-Count,Content-Disposition",
    );
    const SEARCHES = { limit: async () => ({ success: false }) };
    for (const path of ["/api/dashboard?limit=0", "/api/dashboard?q=sp", "/api/nothing", "/api/dashboard?version=9"]) {
      const problem = await request(path, { headers: { Origin: "https://other.example" } }, { SEARCHES });
      expect(problem.status).toBeGreaterThanOrEqual(400);
      expect(problem.headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(problem.headers.get("Access-Control-Expose-Headers")).toContain("Retry-After");
    }
  });

  it("are told before they send that they may GET with a validator, and nothing else", async () => {
    const headers = { Origin: "https://other.example", "Access-Control-Request-Method": "DELETE" };
    const response = await request("/api/dashboard", { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Methods")).toBe("GET,HEAD");
    expect(response.headers.get("Access-Control-Allow-Headers")).toBe("If-None-Match");
  });

  it("may not operate, nor ask whether they may", async () => {
    const headers = { Origin: "https://other.example", "Access-Control-Request-Method": "POST" };
    for (const authorization of [{}, { Authorization: `Bearer ${TOKEN}` }]) {
      const response = await request("/api/admin/rebuilder/tick", {
        method: "OPTIONS",
        headers: { ...headers, ...authorization } as Record<string, string>,
      });
      expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
      expect(response.headers.get("Access-Control-Allow-Methods")).toBeNull();
    }
  });
});

describe("failures", () => {
  it("answers 500 with a fixed text and the request id, and logs the cause under it", async () => {
    const response = await request("/api/dashboard", {}, { DB: failing("SECRET cause") });
    const body = await expectProblem(response, 500, "internal");
    expect(JSON.stringify(body)).not.toContain("SECRET");
    const [line] = log.mock.calls.map(([text]) => JSON.parse(text));
    expect(line).toMatchObject({
      level: "error",
      event: "request.failed",
      requestId: body.instance,
      error: "SECRET cause",
    });
  });

  it.each(["/api/dashboard", `/api/dashboard/${STX[0]}`])(
    "answers 503 with Retry-After when the database fails: %s",
    async (path) => {
      const response = await request(path, {}, { DB: failing("D1_ERROR: SECRET cause") });
      expect(response.headers.get("Retry-After")).toBe("10");
      const body = await expectProblem(response, 503, "database-unavailable");
      expect(JSON.stringify(body)).not.toContain("SECRET");
    },
  );

  it("never stores an error that a handler had already given a policy", async () => {
    const { DB } = observe(async () => {
      throw new Error("D1_ERROR: lost");
    });
    const response = await request("/api/dashboard", {}, { DB });
    expect(response.headers.get("Cloudflare-CDN-Cache-Control")).toBe("no-store");
    await expectProblem(response, 503, "database-unavailable");
  });

  it("shows people a page, on pages alone and only when they ask for one", async () => {
    const asBrowser = { headers: { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };
    const page = await request("/dashboard?limit=%3Cscript%3E", asBrowser);
    expect([page.status, page.headers.get("Content-Type")]).toEqual([400, "text/html; charset=UTF-8"]);
    expect(page.headers.get("Vary")).toContain("Accept");
    expect(page.headers.get("Cache-Control")).toBe("no-store");
    expect(await page.text()).toContain("must be a whole number from 1 to 500");
    await expectProblem(await request("/dashboard?limit=x"), 400, "invalid-request");
    await expectProblem(await request("/api/dashboard?limit=x", asBrowser), 400, "invalid-request");
  });
});

describe("every answer", () => {
  it.each(READS)("says how long it may be stored, at the edge too, and is safe to show: %s", async (path) => {
    for (const response of [await request(path), await request(`${path}${path.includes("?") ? "&" : "?"}x=1`)]) {
      expect(response.headers.get("Cache-Control")).toBeTruthy();
      expect(response.headers.get("Cloudflare-CDN-Cache-Control")).toBeTruthy();
      expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(response.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
      expect(response.headers.get("Content-Security-Policy")).not.toContain("unsafe");
      expect(response.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it.each(READS)("refuses parameters that the route does not know: %s", async (path) => {
    const response = await request(`${path}${path.includes("?") ? "&" : "?"}unknown=1`);
    expect((await expectProblem(response, 400, "invalid-request")).errors).toEqual([
      { parameter: "unknown", detail: "is not known here" },
    ]);
  });

  it("is the same through the Worker's own fetch", async () => {
    const response = await exports.default.fetch("https://standings.example/api/dashboard?limit=1");
    expect(response.status).toBe(200);
    expect(response.headers.get("ETag")).toBe((await request("/api/dashboard?limit=1", {}, env)).headers.get("ETag"));
  });
});

describe("problem types", () => {
  it.each(Object.keys(PROBLEMS) as ProblemCode[])("explains %s and its fix", async (code) => {
    const response = await request(`/problems/${code}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=300");
    const html = await response.text();
    expect(html).toContain(PROBLEMS[code].title);
    expect(html).toContain("How to fix it");
  });
});
