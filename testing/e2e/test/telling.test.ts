import { healthSchema } from "@standings/api/src/ranking/health.ts";
import { LANES, type Lane } from "@standings/rebuilder/contract";
import { createRoster } from "@standings/upstream-sim";
import type { FaultRuleInput } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBoard, toHoldings } from "../src/board.ts";
import { call, readBody } from "../src/http.ts";
import { runOps } from "../src/ops.ts";
import { pinEverything } from "../src/pins.ts";
import { ADMIN_TOKEN, createTestFolder, startTestStack, type TestStack, writeRoster } from "../src/test-stack.ts";
import { watchTicks } from "../src/ticks.ts";
import { waitUntil } from "../src/wait-until.ts";

// At the pace of the local set-up, by alarms alone: who is asked while a host is in trouble, and who is told of it.

const { agents } = createRoster({ agents: 60, seed: "telling" });
const CHUNK = 30;
const ACTIVE_MS = 2_000; // of the local set-up
const WAIT_MS = 60_000;
/** What the local set-up promises. */
const TOLD_WITHIN_MS = 120_000;

const folder = createTestFolder();
let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack(`${folder.path}/state`, {
    ROSTER_FILE: writeRoster(folder.path, agents),
    CHUNK_SIZE: String(CHUNK),
    UPSTREAM_LATENCY_MS: "1-10",
  });
  pinEverything(stack.upstream, agents);
  const watch = await watchTicks(stack.operator, { force: true });
  await watch.waitFor("a healthy board", WAIT_MS, ({ publication, freshness }) => {
    return publication?.agents === agents.length && freshness.status === "ok";
  });
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

describe("while one host is of no use, the agents of the other lane are asked as often as ever, when it", () => {
  const cases: [string, Lane, FaultRuleInput][] = [
    [
      "refuses everybody (404)",
      "stacks",
      { kind: "custom", host: "hiro", status: 404, body: '{"error":"no current block"}' },
    ],
    ["fails every call (503)", "bitcoin", { kind: "5xx", host: "mempool" }],
  ];

  it.each(cases)("%s", async (_name, lane, fault) => {
    stack.upstream.setFaults([fault]);
    const watch = await watchTicks(stack.operator);
    await watch.waitFor("the lane to rest", WAIT_MS, ({ lanes }) => lanes[lane].health === "resting");
    const [met, other] = [watch.ticks.length, lane === "stacks" ? "bitcoin" : "stacks"] as const;
    const status = await watch.waitForTicks(met + 4, WAIT_MS);
    stack.upstream.setFaults([]);
    const since = watch.ticks.slice(met);
    for (const tick of since) {
      expect(tick).toMatchObject({ outcome: "committed", nextIntervalMs: ACTIVE_MS });
      expect(tick.lanes).toMatchObject({ [lane]: { asked: 0 }, [other]: { asked: CHUNK, failed: 0 } });
    }
    expect(status.intervalReason).toBe(`${lane} rests; the other lane goes on`);
    expect(status.lanes[other].rotation).toBeGreaterThan(status.lanes[lane].rotation);
    await watch.waitFor("the lane to be well", WAIT_MS, ({ lanes }) => lanes[lane].health === "well");
  });
});

describe("every upstream down", () => {
  it("is told within two minutes by health, page, status, command line, metrics and log, each with the lanes' reasons", async () => {
    const before = toHoldings(await readBoard(stack.origin));
    stack.upstream.setFaults([{ kind: "5xx" }]);
    const health = await waitUntil("health to name both lanes silent", TOLD_WITHIN_MS, async () => {
      const answer = await readBody(await call(`${stack.origin}/api/health`), healthSchema);
      const silent = answer.reasons.filter(({ code }) => code === "lane-silent");
      return silent.length === LANES.length ? answer : undefined;
    });
    const silent = (lane: Lane) => {
      return {
        code: "lane-silent",
        subject: lane,
        why: expect.stringMatching(/no complete answer .*\(http-error 503\)/),
      };
    };
    const reasons = LANES.map((lane) => expect.objectContaining(silent(lane)));
    expect(health).toMatchObject({ status: "degraded", reasons: expect.arrayContaining(reasons) });

    const status = await stack.operator.getStatus();
    expect(status.freshness).toMatchObject({ status: "degraded", reasons: expect.arrayContaining(reasons) });
    expect(status.intervalReason).toBe("neither lane can ask: stacks rests, bitcoin rests");

    const page = await (await call(`${stack.origin}/status`)).text();
    const metrics = await readMetrics();
    const ops = await runOps(["status"], stack.origin, ADMIN_TOKEN);
    expect(page).toContain("Degraded");
    expect(metrics).toContain('standings_freshness_status{status="degraded"} 1');
    expect(metrics).toContain('standings_degraded{reason="lane-silent"} 2');
    expect(ops.stdout).toMatch(/^Freshness +degraded since /m);
    expect(ops.stdout).toContain(`npm run ops -- status --url ${stack.origin}`);
    for (const lane of LANES) {
      expect(page).toContain(`the ${lane} lane has had no complete answer`);
      expect(ops.stdout).toMatch(new RegExp(`the ${lane} lane has had no complete answer .*\\(lane-silent\\)`));
    }
    await waitUntil("the log to say so", WAIT_MS, () => {
      return LANES.every((lane) => listTold("degraded.began", lane).length === 1) ? true : undefined;
    });
    expect(toHoldings(await readBoard(stack.origin))).toEqual(before);
  });

  it("is over once they answer, in words too", async () => {
    stack.upstream.setFaults([]);
    await waitUntil("health to be well", WAIT_MS, async () => {
      const { status } = await readBody(await call(`${stack.origin}/api/health`), healthSchema);
      return status === "ok" ? true : undefined;
    });
    await waitUntil("the log to say so", WAIT_MS, () => (listTold("degraded.ended").length === 2 ? true : undefined));
    expect(stack.listErrors()).toEqual([]);
  });
});

async function readMetrics(): Promise<string> {
  const response = await call(`${stack.origin}/api/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return response.text();
}

function listTold(event: string, lane?: Lane): string[] {
  return stack.lines.filter((line) => {
    const isAbout = lane === undefined || line.includes(`"subject":"${lane}"`);
    return line.includes(`"event":"${event}","reason":"lane-silent"`) && isAbout;
  });
}
