import { beforeEach, expect, it, vi } from "vitest";
import { clearDatabase, observe, request } from "./builders.ts";

const log = vi.spyOn(console, "error");

beforeEach(async () => {
  log.mockReset();
  log.mockImplementation(() => {});
  await clearDatabase();
});

/** The rebuilder's lines are {"level", "event", …}: whoever searches the logs of both asks once. */
it("has the shape of the rebuilder's: a level and a stable event name", async () => {
  const { DB } = observe();
  DB.prepare = () => {
    throw new Error("D1_ERROR: Network connection lost.");
  };
  const response = await request("/api/dashboard", {}, { DB });
  expect(response.status).toBeGreaterThanOrEqual(500);
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  expect(lines.length).toBe(1);
  expect(lines[0]).toMatchObject({ level: "error", event: expect.stringMatching(/^[a-z-]+\.[a-z.-]+$/) });
  expect(lines[0]).not.toHaveProperty("message");
});
