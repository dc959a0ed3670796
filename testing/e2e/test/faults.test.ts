import type { Call, FaultRuleInput } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tick } from "../src/operator.ts";
import { type SteadyStack, startSteadyStack, tickAt } from "../src/steady-stack.ts";
import type { TestStack } from "../src/test-stack.ts";
import type { TickWatch } from "../src/ticks.ts";

const WAIT_MS = 120_000;

let steady: SteadyStack;
let stack: TestStack;
beforeAll(async () => {
  steady = await startSteadyStack("faults");
  stack = steady.stack;
});
afterAll(() => steady?.close());

describe("no stored balance and no rank changes, the other lane goes on, status names the cause, and two ticks after it all is as before, when", () => {
  const cases: [string, Case][] = [
    ["every connection is reset", { rule: { kind: "reset", host: "hiro" }, why: "network" }],
    [
      "bodies of a few take longer than a call may",
      { rule: slowBody({ host: "mempool", everyCalls: 8 }), failed: 3, lastError: "timeout" },
    ],
    ["every body has 200 MB", { rule: { kind: "huge-body", host: "hiro", bytes: 200 << 20 }, why: "too-large" }],
    ["a page comes with 200", { rule: { kind: "html-200", host: "mempool" }, why: "content-type" }],
    ["JSON ends in the middle", { rule: { kind: "truncated-json", host: "hiro" }, why: "invalid-json" }],
    ["numbers and strings are swapped", { rule: { kind: "wrong-types", host: "hiro" }, why: "invalid-shape" }],
    ["bodies are empty", { rule: { kind: "empty", host: "mempool" }, why: "invalid-json" }],
    ["a host redirects", { rule: { kind: "redirect", host: "mempool" }, why: "redirect 302" }],
    ["every agent is refused", { rule: refusal({ host: "hiro", status: 422 }), why: "http-error 422" }],
    [
      "every second call fails",
      { rule: { kind: "5xx", host: "hiro", everyCalls: 2 }, failed: 15, lastError: "http-error 503" },
    ],
  ];

  it.each(cases)("%s", async (_name, { rule, why, failed, lastError = why }) => {
    const [lane, other] = rule.host === "hiro" ? (["stacks", "bitcoin"] as const) : (["bitcoin", "stacks"] as const);
    const watch = await steady.begin(() => stack.upstream.setFaults([rule]));
    const status = await watch.waitForTicks(1, WAIT_MS);
    const tick = tickAt(watch, 0);
    expect(status.upstreams[rule.host]?.lastError).toBe(lastError);
    expect(tick.failedCalls).toBeGreaterThan(0);
    expect(tick.lanes[other]).toMatchObject({ asked: steady.chunk, failed: 0 });
    if (why === undefined) {
      expect(tick.lanes[lane]).toMatchObject({ asked: steady.chunk, failed });
      expect(status.lanes[lane]).toMatchObject({ health: "well" });
      expect(status.intervalReason).toMatch(/^\d+ of \d+ upstream calls failed$|^upstreams are healthy$/);
    } else {
      expect(tick.lanes[lane]).toMatchObject({ asked: 0 }); // ten failures in a row are the host's
      expect(status.lanes[lane]).toMatchObject({ health: "resting", why });
      expect(status.intervalReason).toBe(`${lane} rests; the other lane goes on`);
    }
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
    expectSixInFlight(rule.kind);
  });
});

describe("bodies that all take longer than a call may", () => {
  it("rest the lane, and the other one goes on", async () => {
    // Enough for ten in a row, whichever end first; a probe that waits too would only take its time.
    const watch = await steady.begin(() => stack.upstream.setFaults([slowBody({ host: "hiro", times: 15 })]));
    const status = await watch.waitForTicks(1, WAIT_MS);
    const tick = tickAt(watch, 0);
    expect(tick.notes).toContain("the stacks lane stopped: the lane rests: timeout");
    expect(tick.lanes).toMatchObject({ stacks: { asked: 0 }, bitcoin: { asked: steady.chunk, failed: 0 } });
    expect(status.upstreams.hiro?.lastError).toBe("timeout");
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
    expectSixInFlight("slow-body");
  });
});

describe("a 429 in the middle of a chunk", () => {
  it("closes the gate for as long as it says, and who was left out comes first", async () => {
    const fault: FaultRuleInput = { kind: "429", host: "hiro", afterCalls: 14, times: 1, retryAfter: "3" };
    const seq = lastSeq();
    const watch = await steady.begin(() => stack.upstream.setFaults([fault]));
    const status = await watch.waitForTicks(1, WAIT_MS);
    expect(status.upstreams.hiro).toMatchObject({ gate: "closed", lastError: "rate-limited", rateLimited: 1 });
    expect(status.lanes.stacks).toMatchObject({ health: "well", waitsFor: expect.stringContaining("gate") });
    expect(status.intervalReason).toBe("stacks waits for its host's gate; the other lane goes on");
    const isAsking = () => watch.ticks.slice(1).some(({ lanes }) => lanes.stacks.asked > 0);
    await watch.waitFor("an answer of Hiro", WAIT_MS, isAsking);

    const calls = stack.upstream.listCalls(seq).filter((call) => call.host === "hiro");
    const refused = calls.findIndex((call) => call.status === 429);
    const next = calls.findIndex((call) => call.startedAt > endOf(tickAt(watch, 0)));
    expect(refused).toBeGreaterThanOrEqual(0);
    expect(next).toBeGreaterThan(refused);
    expect(next).toBeLessThanOrEqual(15 + 5); // five more were under way in the pool of six
    expect(timeOf(calls[next]) - timeOf(calls[refused])).toBeGreaterThanOrEqual(3_000 - 50);

    const first = tickAt(watch, 0).lanes;
    const meanwhile = watch.ticks.filter((_, index) => index > 0 && !isAskingAt(watch, index));
    const again = watch.ticks.find((_, index) => index > 0 && isAskingAt(watch, index));
    expect(first.stacks.asked).toBeLessThan(steady.chunk);
    expect(first.bitcoin.asked).toBe(steady.chunk);
    for (const { lanes } of meanwhile) expect(lanes.bitcoin.asked).toBe(steady.chunk);
    expect(again?.lanes.stacks.cursorBefore).toBe(first.stacks.cursorAfter);
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
    expect(status.lanes.stacks.health).toBe("well");
    for (const tick of watch.ticks.slice(1)) {
      expect(tick).toMatchObject({ agents: steady.chunk, failed: 0, outcome: "committed" });
      expect(tick.subrequests).toBeLessThanOrEqual(250);
    }
    const v1 = stack.upstream.listCalls(seq).filter((call) => call.path.startsWith("/extended/v1/"));
    expect(v1.length).toBeLessThanOrEqual(6); // those that were under way when the first 410 came
    expect(steady.takeFlaws()).toEqual([]);
  });

  it("no Worker has logged an error, and no more than six calls were in flight", () => {
    expect(stack.listErrors()).toEqual([]);
    expectSixInFlight();
  });
});

type HostRule = FaultRuleInput & { host: "hiro" | "mempool" };

interface Case {
  rule: HostRule;
  /** Why its lane rests; absent = it does not. */
  why?: string;
  /** Agents of the chunk that fail by themselves. */
  failed?: number;
  /** Of the host, in status; absent = the reason of the rest. */
  lastError?: string;
}

function slowBody(which: { host: HostRule["host"]; everyCalls?: number; times?: number }): HostRule {
  return { kind: "slow-body", overMs: 20_000, ...which };
}

function refusal({ host, status }: { host: HostRule["host"]; status: number }): HostRule {
  return { kind: "custom", host, status, body: JSON.stringify({ error: "no current block" }) };
}

/** Of calls that the Worker gives up the upstreams may hear only when the next have begun: these prove nothing. */
const GIVEN_UP: FaultRuleInput["kind"][] = ["slow-body", "huge-body"];

function expectSixInFlight(during?: FaultRuleInput["kind"]): void {
  const { maxInFlight } = stack.upstream.resetStats();
  if (!during || !GIVEN_UP.includes(during)) expect(maxInFlight).toBeLessThanOrEqual(6);
}

function lastSeq(): number {
  return stack.upstream.listCalls().at(-1)?.seq ?? 0;
}

function isAskingAt(watch: TickWatch, index: number): boolean {
  return tickAt(watch, index).lanes.stacks.asked > 0;
}

function endOf(tick: Tick): number {
  return Date.parse(tick.startedAt) + tick.durationMs;
}

function timeOf(call: Call | undefined): number {
  return call?.startedAt ?? Number.NaN;
}
