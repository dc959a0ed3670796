import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { log, logError } from "../src/log.ts";
import { clearDatabase, observe, publish, rebuilder, request, STX, TOKEN } from "./builders.ts";

const written: string[] = [];
for (const method of ["log", "warn", "error"] as const) {
  vi.spyOn(console, method).mockImplementation((line) => void written.push(String(line)));
}

beforeEach(async () => {
  await clearDatabase();
  written.length = 0;
});

it("an event is one line of JSON with its level and its name first", () => {
  log("info", "thing.began", { since: 1 });
  log("warn", "thing.ended");
  logError("thing.failed", new Error("two\nlines"), { requestId: "r" });
  logError("thing.failed", "no error at all");
  expect(written).toEqual([
    '{"level":"info","event":"thing.began","since":1}',
    '{"level":"warn","event":"thing.ended"}',
    '{"level":"error","event":"thing.failed","requestId":"r","error":"two\\nlines"}',
    '{"level":"error","event":"thing.failed","error":"no error at all"}',
  ]);
});

it("an error is cut where it grows long, and leaves no stack", () => {
  logError("thing.failed", new Error("x".repeat(5_000)));
  expect(JSON.parse(written[0] ?? "")).toEqual({ level: "error", event: "thing.failed", error: "x".repeat(300) });
});

it("whatever fails leaves a line of that shape, with the request's id and never the token", async () => {
  const { DB } = observe();
  DB.prepare = () => {
    throw new Error("D1_ERROR: gone");
  };
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const { default: worker } = await import("../src/worker.ts");
  await request("/api/dashboard", {}, { DB });
  await request("/api/health", {}, { DB });
  await request("/api/admin/rebuilder", { headers }, { REBUILDER: rebuilder() });
  const limit = async () => {
    throw new Error("no limiter");
  };
  await publish([{ stx: STX[0] }]);
  await request("/api/dashboard?q=sp", {}, { SEARCHES: { limit } });
  const controller = { cron: "*/5 * * * *", scheduledTime: 0, noRetry() {}, type: "scheduled" } as const;
  await worker.scheduled(controller, { ...env, REBUILDER: rebuilder() });
  const lines = written.map((line) => JSON.parse(line));
  expect(lines.map(({ event }) => event)).toEqual([
    "request.failed",
    "health.unreachable",
    "rebuilder.unavailable",
    "rate-limit.failed",
    "cron.failed",
  ]);
  for (const { level, event, error, requestId } of lines) {
    expect([level, typeof error]).toEqual(["error", "string"]);
    if (event !== "cron.failed") expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  }
  expect(written.join()).not.toContain(TOKEN);
});
