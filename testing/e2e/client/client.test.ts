import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { ROOT } from "@standings/tools/repository";
import { callAdmin } from "@standings/tools/start/api-client";
import { parseStartOptions } from "@standings/tools/start/options";
import { findFreePort } from "@standings/tools/start/ports";
import { type Stack, startStack } from "@standings/tools/start/stack";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { copyTemplate } from "../src/test-stack.ts";
import { generateTypes } from "./generate.ts";
import { createRankingsClient, readAgent, readRanking } from "./read-ranking.ts";

const AGENTS = 430;
const TOKEN = "e2e-client-token";

const stateDir = mkdtempSync(join(tmpdir(), "standings-client-"));
const stop = new AbortController();
let stack: Stack;
let ticking: Promise<void>;

beforeAll(async () => {
  copyTemplate(stateDir);
  const env = { PORT: String(await findFreePort()), STATE_DIR: stateDir, ADMIN_TOKEN: TOKEN };
  stack = await startStack({ ...parseStartOptions([], env, ROOT), onLine: () => {} });
  ticking = tickOn();
  const client = createRankingsClient(stack.origin);
  await vi.waitFor(
    async () => {
      const { data } = await client.GET("/api/health");
      expect(data?.agents).toBe(AGENTS);
    },
    { timeout: 90_000, interval: 500 },
  );
});

afterAll(async () => {
  stop.abort();
  await ticking;
  await stack.close();
  rmSync(stateDir, { recursive: true, force: true });
});

/** One forced tick after the other, each of which publishes. */
async function tickOn(): Promise<void> {
  while (!stop.signal.aborted) {
    await callAdmin(stack.origin, TOKEN, "/tick");
    await delay(100);
  }
}

async function readVersion(): Promise<number> {
  const { data } = await createRankingsClient(stack.origin).GET("/api/health");
  return data?.version ?? 0;
}

async function waitForNewer(): Promise<void> {
  const before = await readVersion();
  await vi.waitFor(async () => expect(await readVersion()).toBeGreaterThan(before), { timeout: 30_000, interval: 50 });
}

describe("a client generated from the served document", () => {
  it("compiles, and its types refuse what the API would refuse", async () => {
    const response = await fetch(`${stack.origin}/openapi.json`);
    await generateTypes(await response.text());
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const run = promisify(execFile)(process.execPath, [tsc, "-p", import.meta.dirname]);
    await expect(run).resolves.toMatchObject({ stdout: "" });
  });

  it.each([
    { limit: 7, between: "a moment", pause: () => delay(100) },
    { limit: 50, between: "a new publication", pause: () => waitForNewer() },
    { limit: 500, between: "nothing", pause: async () => {} },
  ])("pages by $limit with $between between pages, and gets each agent exactly once", async ({ limit, pause }) => {
    const client = createRankingsClient(stack.origin);
    let newer = 0;
    const before = await readVersion();
    const pages = await readRanking(client, limit, async () => {
      await pause();
      newer = await readVersion();
    });
    const agents = pages.flatMap((page) => page.agents);
    const [first] = pages;
    expect(new Set(pages.map((page) => page.version)).size).toBe(1);
    expect(agents.map((agent) => agent.rank)).toEqual(Array.from({ length: AGENTS }, (_, index) => index + 1));
    expect(new Set(agents.map((agent) => agent.stxAddress)).size).toBe(AGENTS);
    const cents = (usd: number) => Math.round(usd * 100);
    expect(cents(agents.reduce((sum, agent) => sum + agent.totalUsd, 0))).toBe(cents(first?.stats.totalUsd ?? 0));
    if (limit === 50) expect(newer - before, "rankings published meanwhile").toBeGreaterThanOrEqual(pages.length - 1);
  });

  it("reads an agent of the ranking, and what is wrong with an address", async () => {
    const client = createRankingsClient(stack.origin);
    const [page] = await readRanking(client, 500, async () => {});
    const address = page?.agents[0]?.stxAddress ?? "";
    expect(await readAgent(client, address)).toMatchObject({ stxAddress: address, pending: false });
    await expect(readAgent(client, "nobody")).rejects.toThrow("See errors for what to change.");
  });
});
