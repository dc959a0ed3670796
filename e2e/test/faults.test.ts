import { createRoster } from "@standings/tools/roster";
import type { Call, FaultRuleInput } from "@standings/tools/upstream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findFlaws, readBoard, toHoldings } from "../src/board.ts";
import type { Status, Tick } from "../src/operator.ts";
import { pinEverything, pinZeros } from "../src/pins.ts";
import { createTestFolder, startTestStack, type TestStack, writeRoster } from "../src/test-stack.ts";
import { listCallsOf, type TickWatch, watchTicks } from "../src/ticks.ts";

// Holdings and prices stand still, so whatever changes on the board is the work of the fault.

const { agents } = createRoster({ agents: 60, seed: "faults" });
const CHUNK = 30;
const WAIT_MS = 120_000;

const folder = createTestFolder();
let stack: TestStack;
let healthy: Record<string, object>;
let flaws: Set<string>;
beforeAll(async () => {
  stack = await startTestStack(`${folder.path}/state`, {
    ROSTER_FILE: writeRoster(folder.path, agents),
    CHUNK_SIZE: String(CHUNK),
    ALARM_INTERVAL_ACTIVE_MS: "1000",
    ALARM_INTERVAL_IDLE_MS: "1000",
    UPSTREAM_LATENCY_MS: "1-10",
  });
  pinEverything(stack.upstream, agents);
  const watch = await watchTicks(stack.operator);
  await stack.operator.tick();
  await watch.waitFor("the second rotation", WAIT_MS, ({ rotation }) => rotation.number > 1);
  healthy = toHoldings(await readBoard(stack.origin));
  expect(Object.keys(healthy)).toHaveLength(agents.length);
});
beforeEach(() => {
  flaws = new Set();
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

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
      { rule: { kind: "5xx", host: "hiro", everyCalls: 2 }, shows: { breaker: "closed", failed: CHUNK / 2 } },
    ],
  ];

  it.each(cases)("%s", async (_name, { rule, shows, ticks = 2 }) => {
    const watch = await begin(() => stack.upstream.setFaults([rule]));
    const status = await watch.waitForTicks(ticks, WAIT_MS);
    expect(status.upstreams[rule.host]).toMatchObject(shows);
    if (shows.breaker === "open") expect(status.intervalReason).toBe(`${rule.host} is blocked`);
    else expect(status.intervalReason).toMatch(/^\d+ of \d+ upstream calls failed$|^upstreams are healthy$/);
    expect(tickAt(watch, 0).failedCalls).toBeGreaterThan(0);
    await recover(() => stack.upstream.setFaults([]));
    expect([...flaws]).toEqual([]);
  });
});

describe("a 429 in the middle of a chunk", () => {
  it("ends the starting of calls, is waited for as long as it says, and who was left out comes first", async () => {
    const fault: FaultRuleInput = { kind: "429", host: "hiro", afterCalls: 14, times: 1, retryAfter: "3" };
    const seq = lastSeq();
    const watch = await begin(() => stack.upstream.setFaults([fault]));
    const status = await watch.waitForTicks(1, WAIT_MS);
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "rate-limited", rateLimited: 1 });
    expect(status.intervalReason).toBe("hiro is blocked");
    await watch.waitFor("an answer of Hiro", WAIT_MS, ({ upstreams }) => upstreams.hiro?.breaker === "closed");

    const calls = stack.upstream.listCalls(seq).filter((call) => call.host === "hiro");
    const limited = calls.findIndex((call) => call.status === 429);
    const [refused, next] = [
      calls[limited],
      calls.slice(limited + 1).find((call) => call.startedAt > endOf(watch.ticks[0])),
    ];
    expect(limited).toBeLessThan(14 + 6);
    expect(listCallsOf(tickAt(watch, 0), calls).length).toBeLessThanOrEqual(15 + 5);
    expect((next?.startedAt ?? 0) - (refused?.startedAt ?? 0)).toBeGreaterThanOrEqual(3_000 - 50);

    const [first, second] = [tickAt(watch, 0), tickAt(watch, 1)];
    expect(first.agents + first.notAttempted).toBe(CHUNK);
    expect(first.notAttempted).toBeGreaterThan(0);
    expect(second.cursorBefore).toBe(first.cursorAfter);
    await recover(() => stack.upstream.setFaults([]));
    expect([...flaws]).toEqual([]);
  });
});

describe("for twenty ticks no stored balance and no rank changes, only probes are sent, status names the cause, and two ticks after it all is as before, when", () => {
  it("every upstream answers 429", async () => {
    const { watch, calls, status } = await endure(() => stack.upstream.setFaults([{ kind: "429" }]));
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "rate-limited", rateLimited: 1 });
    expect(status.upstreams.mempool).toMatchObject({ breaker: "open", lastError: "rate-limited" });
    expect(status.intervalReason).toBe("every balance host is blocked: hiro, mempool");
    expectProbesOnly(watch.ticks, calls);
    await recover(() => stack.upstream.setFaults([]));
    expect([...flaws]).toEqual([]);
  });

  it("every upstream answers with a page and 200", async () => {
    const { watch, calls, status } = await endure(() => stack.upstream.setFaults([{ kind: "html-200" }]));
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "content-type" });
    expect(status.upstreams.mempool).toMatchObject({ breaker: "open", lastError: "content-type" });
    expect(status.intervalReason).toBe("every balance host is blocked: hiro, mempool");
    expectProbesOnly(watch.ticks, calls);
    await recover(() => stack.upstream.setFaults([]));
    expect([...flaws]).toEqual([]);
  });

  it("every agent suddenly holds nothing", async () => {
    const { watch, calls, status } = await endure(() => pinZeros(stack.upstream, agents));
    expect(status.quarantines.map(({ host, source }) => [host, source])).toEqual([
      ["hiro", "stacks"],
      ["mempool", "bitcoin"],
    ]);
    for (const { id, fell, of, release } of status.quarantines) {
      expect([fell, of]).toEqual([CHUNK, CHUNK]);
      expect(release).toContain(`accept ${id}`);
    }
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "quarantined" });
    expect(status.upstreams.mempool).toMatchObject({ breaker: "open", lastError: "quarantined" });
    expectProbesOnly(watch.ticks, calls);
    await recover(() => pinEverything(stack.upstream, agents));
    expect([...flaws]).toEqual([]);
  });
});

describe("at last", () => {
  it("v1 of Hiro is gone for good: v3 brings the same balances, within the budget", async () => {
    const seq = lastSeq();
    const watch = await begin(() => stack.upstream.setFaults([{ kind: "410", pathPrefix: "/extended/v1/" }]));
    await watch.waitForTicks(3, WAIT_MS);
    const status = await stack.operator.getStatus();
    expect(status.hiroApi.version).toBe("v3");
    expect(status.upstreams.hiro).toMatchObject({ breaker: "closed", lastError: null });
    for (const tick of watch.ticks.slice(1)) {
      expect(tick).toMatchObject({ agents: CHUNK, failed: 0, outcome: "committed" });
      expect(tick.subrequests).toBeLessThanOrEqual(250);
    }
    const v1 = stack.upstream.listCalls(seq).filter((call) => call.path.startsWith("/extended/v1/"));
    expect(v1.length).toBeLessThanOrEqual(6); // those that were under way when the first 410 came
    expect([...flaws]).toEqual([]);
  });

  it("everybody really sold everything: an operator accepts, and the board says so", async () => {
    const watch = await begin(() => pinZeros(stack.upstream, agents));
    const held = await watch.waitFor("both quarantines", WAIT_MS, ({ quarantines }) => quarantines.length === 2);
    expect([...flaws]).toEqual([]);
    for (const { id } of held.quarantines) await stack.operator.change("accept", { id });
    await watch.waitFor("a rotation", WAIT_MS, ({ rotation }) => rotation.number > held.rotation.number + 1);
    const board = await readBoard(stack.origin);
    expect(board.agents.map((agent) => [agent.totalUsd, agent.tokens])).toEqual(agents.map(() => [0, []]));
    expect((await stack.operator.getStatus()).quarantines).toEqual([]);
  });

  it("no Worker has logged an error, and no more than six calls were ever in flight", () => {
    expect(stack.listErrors()).toEqual([]);
    expect(stack.upstream.stats().maxInFlight).toBeLessThanOrEqual(6);
  });
});

/** Changes the world between two ticks, and watches from there on that the board stays as it was. */
async function begin(change: () => void): Promise<TickWatch> {
  await stack.operator.change("pause", { reason: "between two ticks" });
  const pausing = await watchTicks(stack.operator);
  await pausing.waitFor("the running tick to end", WAIT_MS, ({ state }) => state === "paused");
  change();
  const watch = await watchTicks(stack.operator, checkBoard);
  await stack.operator.change("resume");
  return watch;
}

async function checkBoard(): Promise<void> {
  const board = await readBoard(stack.origin);
  for (const flaw of findFlaws(board)) flaws.add(flaw);
  const now = toHoldings(board);
  for (const [address, holding] of Object.entries(healthy)) {
    const [before, after] = [JSON.stringify(holding), JSON.stringify(now[address])];
    if (before !== after) flaws.add(`${address} had ${before} and now has ${after}`);
  }
}

/** Twenty ticks of one fault, with the calls of each. */
async function endure(change: () => void): Promise<{ watch: TickWatch; calls: Call[]; status: Status }> {
  const seq = lastSeq();
  const watch = await begin(change);
  const status = await watch.waitForTicks(20, WAIT_MS);
  return { watch, calls: stack.upstream.listCalls(seq), status };
}

/** Lifts the fault between two ticks: after the next two, nothing may remind of it. */
async function recover(lift: () => void): Promise<void> {
  const watch = await begin(lift);
  const status = await watch.waitForTicks(2, WAIT_MS);
  // A fallback of the price feeds is not called again as long as nobody needs it.
  for (const host of ["hiro", "mempool", "coingecko"]) {
    expect([host, status.upstreams[host]]).toEqual([
      host,
      expect.objectContaining({ breaker: "closed", lastError: null }),
    ]);
  }
  expect(status.intervalReason).toBe("upstreams are healthy");
  expect(status.quarantines).toEqual([]);
  expect(tickAt(watch, 1)).toMatchObject({ outcome: "committed", failedCalls: 0, failed: 0 });
  const board = await readBoard(stack.origin);
  expect(toHoldings(board)).toEqual(healthy);
  const fresh = await watch.waitFor(
    "everybody's fresh answers",
    WAIT_MS,
    ({ publication }) => publication?.partial === 0,
  );
  expect(fresh.rotation.number - status.rotation.number).toBeLessThanOrEqual(2);
}

/** Once a host is known to be blocked, it is asked once or twice a tick, and the price feeds once each. */
function expectProbesOnly(ticks: readonly Tick[], calls: readonly Call[]): void {
  const counts = ticks.map((tick) => Object.groupBy(listCallsOf(tick, calls), (call) => call.host));
  for (const host of ["hiro", "mempool", "coingecko", "coinbase"] as const) {
    const perTick = counts.map((hosts) => hosts[host]?.length ?? 0);
    const met = perTick.findIndex((count) => count > 0);
    const most = host === "hiro" || host === "mempool" ? 2 : 1;
    expect([host, Math.max(...perTick.slice(met + 1))]).toEqual([host, expect.toSatisfy((n: number) => n <= most)]);
  }
  expect(ticks.filter((tick) => tick.outcome !== "committed")).toEqual([]);
}

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

function tickAt(watch: TickWatch, index: number): Tick {
  const tick = watch.ticks[index];
  if (!tick) throw new Error(`there was no tick ${index + 1}`);
  return tick;
}

function endOf(tick: Tick | undefined): number {
  return tick ? Date.parse(tick.startedAt) + tick.durationMs : Number.POSITIVE_INFINITY;
}
