import { beforeEach, describe, expect, it, vi } from "vitest";
import { healthSchema } from "../src/ranking/health.ts";
import { clearDatabase, crowd, observe, publish, readBody, request } from "./builders.ts";

beforeEach(clearDatabase);

async function getHealth(status: number, changed = {}) {
  const response = await request("/api/health", {}, changed);
  expect(response.status).toBe(status);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  return readBody(response, healthSchema);
}

describe("health", () => {
  it("is 200 while the newest ranking is younger than its own limit", async () => {
    await publish(crowd(2), {
      version: 7,
      publishedAt: Date.now() - 5_000,
      staleAfter: Date.now() + 60_000,
      pending: 1,
    });
    const health = await getHealth(200);
    expect(health).toMatchObject({ status: "ok", version: 7, agents: 2, checks: { coverage: { ok: false } } });
    expect(health.ageSeconds).toBeGreaterThanOrEqual(5);
  });

  it("is 503 from its limit on, however young the ranking is", async () => {
    await publish(crowd(2), { publishedAt: Date.now() - 5_000, staleAfter: Date.now() });
    expect(await getHealth(503)).toMatchObject({ status: "stale", checks: { publication: { ok: false } } });
  });

  it("is judged by the newest ranking alone", async () => {
    await publish(crowd(1), { version: 1, publishedAt: Date.now(), staleAfter: Date.now() + 60_000 });
    await publish(crowd(1), { version: 2, publishedAt: Date.now(), staleAfter: Date.now() - 1 });
    expect(await getHealth(503)).toMatchObject({ status: "stale", version: 2 });
  });

  it("is 503 before the first publication", async () => {
    expect(await getHealth(503)).toMatchObject({ status: "starting", ageSeconds: null, version: 0, agents: 0 });
  });

  it("is 503 without the cause when the database does not answer", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { DB } = observe();
    DB.prepare = () => {
      throw new Error("D1_ERROR: SECRET cause");
    };
    const health = await getHealth(503, { DB });
    expect(health).toMatchObject({ status: "unreachable", version: null, checks: { database: { ok: false } } });
    expect(JSON.stringify(health)).not.toContain("SECRET");
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  it("says so when a price was never known", async () => {
    await publish(crowd(1), { pricedAt: null, prices: {}, staleAfter: Date.now() + 60_000 });
    expect((await getHealth(200)).checks.prices).toEqual({ ok: false, detail: "a price was never known" });
  });
});
