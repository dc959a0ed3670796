import { createRoster } from "@standings/tools/roster";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pinEverything } from "../src/pins.ts";
import { createTestFolder, startTestStack, type TestStack, writeRoster } from "../src/test-stack.ts";
import { waitUntil } from "../src/wait-until.ts";

const AGENTS = 60;
const MEASURED_MS = 30_000;
/** What the local set-up promises: an outage is told within two minutes. */
const TOLD_WITHIN_MS = 120_000;

const folder = createTestFolder();
let stack: TestStack;

beforeAll(async () => {
  const { agents } = createRoster({ agents: AGENTS, seed: "attacks" });
  stack = await startTestStack(`${folder.path}/state`, {
    ROSTER_FILE: writeRoster(folder.path, agents),
    ALARM_INTERVAL_ACTIVE_MS: "1000",
    ALARM_INTERVAL_IDLE_MS: "5000",
    UPSTREAM_LATENCY_MS: "1-10",
  });
  pinEverything(stack.upstream, agents);
  await stack.operator.tick();
  await waitUntil("a healthy board", 60_000, async () => ((await getHealth()).status === "ok" ? true : undefined));
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

describe("one host that fails every call", () => {
  it("does not slow down the agents of the other", async () => {
    const usual = await countBitcoinCalls(MEASURED_MS);
    stack.upstream.setFaults([{ kind: "5xx", host: "hiro" }]);
    await pass(10_000); // until it is known to fail
    const meanwhile = await countBitcoinCalls(MEASURED_MS);
    stack.upstream.setFaults([]);
    expect(meanwhile).toBeGreaterThanOrEqual(usual * 0.8);
  });
});

describe("every upstream down", () => {
  it("is told by /api/health within two minutes", async () => {
    await waitUntil("a healthy board", 60_000, async () => ((await getHealth()).status === "ok" ? true : undefined));
    stack.upstream.setFaults([{ kind: "5xx" }]);
    const told = await waitUntil("health to say so", TOLD_WITHIN_MS, async () => {
      const { status } = await getHealth();
      return status === "ok" ? undefined : status;
    });
    expect(told).toMatch(/^(?:degraded|stale)$/);
  });
});

async function getHealth(): Promise<{ status: string }> {
  return (await fetch(`${stack.origin}/api/health`)).json() as Promise<{ status: string }>;
}

async function countBitcoinCalls(forMs: number): Promise<number> {
  const since = stack.upstream.listCalls().at(-1)?.seq ?? 0;
  await pass(forMs);
  return stack.upstream.listCalls(since).filter(({ host, path }) => host === "mempool" && /^\/address\//.test(path))
    .length;
}

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
