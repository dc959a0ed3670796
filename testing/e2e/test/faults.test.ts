import type { Call, FaultRuleInput } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Status, Tick } from "../src/operator.ts";
import { type SteadyStack, startSteadyStack, tickAt } from "../src/steady-stack.ts";
import type { TestStack } from "../src/test-stack.ts";

const WAIT_MS = 120_000;

let steady: SteadyStack;
let stack: TestStack;
beforeAll(async () => {
  steady = await startSteadyStack("faults");
  stack = steady.stack;
});
afterAll(() => steady?.close());

describe("no stored balance and no rank changes, status names the cause, and two ticks after it all is as before, when", () => {
  const cases: [string, Case][] = [
    ["every connection is reset", { rule: { kind: "reset", host: "hiro" }, shows: broken("network") }],
    [
      "some bodies take longer than a call may",
      { rule: slowBody({ host: "mempool", everyCalls: 6 }), shows: { failed: 5, lastError: "timeout" }, ticks: 1 },
    ],
    [
      "every body takes longer than a call may",
      { rule: slowBody({ host: "hiro" }), shows: broken("timeout"), ticks: 1 },
    ],
    [
      "every body has 200 MB",
      { rule: { kind: "huge-body", host: "hiro", bytes: 200 << 20 }, shows: broken("too-large") },
    ],
    ["a page comes with 200", { rule: { kind: "html-200", host: "mempool" }, shows: broken("content-type") }],
    ["JSON ends in the middle", { rule: { kind: "truncated-json", host: "hiro" }, shows: broken("invalid-json") }],
    [
      "numbers and strings are swapped",
      { rule: { kind: "wrong-types", host: "hiro" }, shows: broken("invalid-shape") },
    ],
    ["bodies are empty", { rule: { kind: "empty", host: "mempool" }, shows: broken("invalid-json") }],
    ["a host redirects", { rule: { kind: "redirect", host: "mempool" }, shows: broken("redirect 302") }],
    [
      "every second call fails",
      { rule: { kind: "5xx", host: "hiro", everyCalls: 2 }, shows: { breaker: "closed", failed: 15 } },
    ],
  ];

  it.each(cases)("%s", async (_name, { rule, shows, ticks = 2 }) => {
    const watch = await steady.begin(() => stack.upstream.setFaults([rule]));
    const status = await watch.waitForTicks(ticks, WAIT_MS);
    expect(status.upstreams[rule.host]).toMatchObject(shows);
    if (shows.breaker === "open") expect(status.intervalReason).toBe(`${rule.host} is blocked`);
    else expect(status.intervalReason).toMatch(/^\d+ of \d+ upstream calls failed$|^upstreams are healthy$/);
    expect(tickAt(watch, 0).failedCalls).toBeGreaterThan(0);
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });
});

describe("a 429 in the middle of a chunk", () => {
  it("ends the starting of calls, is waited for as long as it says, and who was left out comes first", async () => {
    const fault: FaultRuleInput = { kind: "429", host: "hiro", afterCalls: 14, times: 1, retryAfter: "3" };
    const seq = lastSeq();
    const watch = await steady.begin(() => stack.upstream.setFaults([fault]));
    const status = await watch.waitForTicks(1, WAIT_MS);
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "rate-limited", rateLimited: 1 });
    expect(status.intervalReason).toBe("hiro is blocked");
    await watch.waitFor("an answer of Hiro", WAIT_MS, ({ upstreams }) => upstreams.hiro?.breaker === "closed");

    const calls = stack.upstream.listCalls(seq).filter((call) => call.host === "hiro");
    const refused = calls.findIndex((call) => call.status === 429);
    const next = calls.findIndex((call) => call.startedAt > endOf(tickAt(watch, 0)));
    expect(refused).toBeGreaterThanOrEqual(0);
    expect(next).toBeGreaterThan(refused);
    expect(next).toBeLessThanOrEqual(15 + 5); // five more were under way in the pool of six
    expect(timeOf(calls[next]) - timeOf(calls[refused])).toBeGreaterThanOrEqual(3_000 - 50);

    const [first, second] = [tickAt(watch, 0), tickAt(watch, 1)];
    expect(first.agents + first.notAttempted).toBe(steady.chunk);
    expect(first.notAttempted).toBeGreaterThan(0);
    expect(second.cursorBefore).toBe(first.cursorAfter);
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });
});

describe("at last", () => {
  it("v1 of Hiro is gone for good: v3 brings the same balances, within the budget", async () => {
    const seq = lastSeq();
    const watch = await steady.begin(() => stack.upstream.setFaults([{ kind: "410", pathPrefix: "/extended/v1/" }]));
    await watch.waitForTicks(3, WAIT_MS);
    const status = await stack.operator.getStatus();
    expect(status.hiroApi.version).toBe("v3");
    expect(status.upstreams.hiro).toMatchObject({ breaker: "closed", lastError: null });
    for (const tick of watch.ticks.slice(1)) {
      expect(tick).toMatchObject({ agents: steady.chunk, failed: 0, outcome: "committed" });
      expect(tick.subrequests).toBeLessThanOrEqual(250);
    }
    const v1 = stack.upstream.listCalls(seq).filter((call) => call.path.startsWith("/extended/v1/"));
    expect(v1.length).toBeLessThanOrEqual(6); // those that were under way when the first 410 came
    expect(steady.takeFlaws()).toEqual([]);
  });

  it("no Worker has logged an error, and no more than six calls were ever in flight", () => {
    expect(stack.listErrors()).toEqual([]);
    expect(stack.upstream.stats().maxInFlight).toBeLessThanOrEqual(6);
  });
});

type HostRule = FaultRuleInput & { host: "hiro" | "mempool" };

interface Case {
  rule: HostRule;
  /** Of the host, in status. */
  shows: Partial<Status["upstreams"][string]>;
  ticks?: number;
}

function broken(lastError: string): Case["shows"] {
  return { breaker: "open", lastError };
}

function slowBody(where: { host: HostRule["host"]; everyCalls?: number }): HostRule {
  return { kind: "slow-body", overMs: 20_000, ...where };
}

function lastSeq(): number {
  return stack.upstream.listCalls().at(-1)?.seq ?? 0;
}

function endOf(tick: Tick): number {
  return Date.parse(tick.startedAt) + tick.durationMs;
}

function timeOf(call: Call | undefined): number {
  return call?.startedAt ?? Number.NaN;
}
