import { beforeEach, describe, expect, it, vi } from "vitest";
import { RATE_LIMIT_PERIOD_SECONDS, toClientKey } from "../src/http/rate-limit.ts";
import { clearDatabase, expectProblem, observe, publish, rebuilder, request, STX, status, TOKEN } from "./builders.ts";

beforeEach(async () => {
  await clearDatabase();
  await publish([{ stx: STX[0], name: "Marten" }]);
});

/** A limiter of so many requests a client, as the binding is one. */
function limiter(limit: number) {
  const counts = new Map<string, number>();
  return {
    counts,
    async limit({ key = "" }: RateLimitOptions) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: (counts.get(key) ?? 0) <= limit };
    },
  };
}

const from = (address: string, more: Record<string, string> = {}) => ({
  headers: { "CF-Connecting-IP": address, ...more },
});

describe("failed authentication", () => {
  const REBUILDER = rebuilder({ status: async () => status() });

  it("is answered 429 with Retry-After once a client has failed too often, and per client", async () => {
    const AUTH_FAILURES = limiter(2);
    const ask = (init: RequestInit) => request("/api/admin/rebuilder", init, { AUTH_FAILURES, REBUILDER });
    await expectProblem(await ask(from("192.0.2.1")), 401, "unauthorized");
    await expectProblem(await ask(from("192.0.2.1", { Authorization: "Bearer wrong" })), 401, "unauthorized");
    const limited = await ask(from("192.0.2.1", { Authorization: "Bearer wrong" }));
    expect(limited.headers.get("Retry-After")).toBe(String(RATE_LIMIT_PERIOD_SECONDS));
    await expectProblem(limited, 429, "too-many-attempts");
    await expectProblem(await ask(from("192.0.2.2")), 401, "unauthorized");
  });

  it("never limits a right token, nor counts it", async () => {
    const AUTH_FAILURES = limiter(0);
    for (let attempt = 0; attempt < 10; attempt++) {
      const init = from("192.0.2.1", { Authorization: `Bearer ${TOKEN}` });
      expect((await request("/api/admin/rebuilder", init, { AUTH_FAILURES, REBUILDER })).status).toBe(200);
    }
    expect(AUTH_FAILURES.counts.size).toBe(0);
  });
});

describe("searches", () => {
  it.each(["/api/dashboard", "/api/dashboard.md", "/dashboard"])(
    "are limited per client before they cost a query: %s",
    async (path) => {
      const SEARCHES = limiter(1);
      expect((await request(`${path}?q=marten`, from("192.0.2.1"), { SEARCHES })).status).toBe(200);
      const { DB, seen } = observe();
      const limited = await request(`${path}?q=marten`, from("192.0.2.1"), { SEARCHES, DB });
      expect(limited.headers.get("Retry-After")).toBe(String(RATE_LIMIT_PERIOD_SECONDS));
      await expectProblem(limited, 429, "too-many-searches");
      expect(seen.statements).toEqual([]);
      expect((await request(`${path}?q=marten`, from("192.0.2.2"), { SEARCHES })).status).toBe(200);
    },
  );

  it("are what is limited: pages are not", async () => {
    const SEARCHES = limiter(0);
    expect((await request("/api/dashboard", from("192.0.2.1"), { SEARCHES })).status).toBe(200);
    expect(SEARCHES.counts.size).toBe(0);
  });

  it("are answered when the limiter fails", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const SEARCHES = { limit: async () => Promise.reject(new Error("out of reach")) };
    expect((await request("/api/dashboard?q=marten", {}, { SEARCHES })).status).toBe(200);
  });

  it("pass the binding of the local set-up", async () => {
    for (let search = 0; search < 20; search++) {
      expect((await request("/api/dashboard?q=marten", from("192.0.2.9"))).status).toBe(200);
    }
  });
});

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:0DB8:1:2::9", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  [undefined, "unknown"],
])("the client at %s is counted as %s", (address, key) => {
  expect(toClientKey(address)).toBe(key);
});
