import type { Call } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBoard } from "../src/board.ts";
import type { Status, Tick } from "../src/operator.ts";
import { pinEverything, pinZeros } from "../src/pins.ts";
import { type SteadyStack, startSteadyStack } from "../src/steady-stack.ts";
import type { TestStack } from "../src/test-stack.ts";
import { listCallsOf, type TickWatch } from "../src/ticks.ts";

const WAIT_MS = 120_000;

let steady: SteadyStack;
let stack: TestStack;
beforeAll(async () => {
  steady = await startSteadyStack("outages");
  stack = steady.stack;
});
afterAll(() => steady?.close());

describe("for twenty ticks no stored balance and no rank changes, only probes are sent, status names the cause, and two ticks after it all is as before, when", () => {
  it("every upstream answers 429", async () => {
    const { watch, calls, status } = await endure(() => stack.upstream.setFaults([{ kind: "429" }]));
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "rate-limited", rateLimited: 1 });
    expect(status.upstreams.mempool).toMatchObject({ breaker: "open", lastError: "rate-limited" });
    expect(status.intervalReason).toBe("every balance host is blocked: hiro, mempool");
    expectProbesOnly(watch.ticks, calls);
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });

  it("every upstream answers with a page and 200", async () => {
    const { watch, calls, status } = await endure(() => stack.upstream.setFaults([{ kind: "html-200" }]));
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "content-type" });
    expect(status.upstreams.mempool).toMatchObject({ breaker: "open", lastError: "content-type" });
    expect(status.intervalReason).toBe("every balance host is blocked: hiro, mempool");
    expectProbesOnly(watch.ticks, calls);
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });

  it("every agent suddenly holds nothing", async () => {
    const { watch, calls, status } = await endure(() => pinZeros(stack.upstream, steady.agents));
    expect(status.quarantines.map(({ host, source }) => [host, source])).toEqual([
      ["hiro", "stacks"],
      ["mempool", "bitcoin"],
    ]);
    for (const { id, fell, of, release } of status.quarantines) {
      expect([fell, of]).toEqual([steady.chunk, steady.chunk]);
      expect(release).toContain(`accept ${id}`);
    }
    expect(status.upstreams.hiro).toMatchObject({ breaker: "open", lastError: "quarantined" });
    expect(status.upstreams.mempool).toMatchObject({ breaker: "open", lastError: "quarantined" });
    expectProbesOnly(watch.ticks, calls);
    expect(await steady.recover(() => pinEverything(stack.upstream, steady.agents))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });
});

describe("afterwards", () => {
  it("everybody really sold everything: an operator accepts, and the board says so", async () => {
    const watch = await steady.begin(() => pinZeros(stack.upstream, steady.agents));
    const held = await watch.waitFor("both quarantines", WAIT_MS, ({ quarantines }) => quarantines.length === 2);
    expect(steady.takeFlaws()).toEqual([]);
    for (const { id } of held.quarantines) await stack.operator.change("accept", { id });
    await watch.waitFor("a rotation", WAIT_MS, ({ rotation }) => rotation.number > held.rotation.number + 1);
    const board = await readBoard(stack.origin);
    expect(board.agents.map((agent) => [agent.totalUsd, agent.tokens])).toEqual(steady.agents.map(() => [0, []]));
    expect((await stack.operator.getStatus()).quarantines).toEqual([]);
  });

  it("no Worker has logged an error, and no more than six calls were ever in flight", () => {
    expect(stack.listErrors()).toEqual([]);
    expect(stack.upstream.stats().maxInFlight).toBeLessThanOrEqual(6);
  });
});

/** Twenty ticks of one fault, with the calls of each. */
async function endure(change: () => void): Promise<{ watch: TickWatch; calls: Call[]; status: Status }> {
  const seq = lastSeq();
  const watch = await steady.begin(change);
  const status = await watch.waitForTicks(20, WAIT_MS);
  return { watch, calls: stack.upstream.listCalls(seq), status };
}

/** Once a host is known to be blocked, it is asked once or twice a tick, and the price feeds once each. */
function expectProbesOnly(ticks: readonly Tick[], calls: readonly Call[]): void {
  const counts = ticks.map((tick) => Object.groupBy(listCallsOf(tick, calls), (call) => call.host));
  for (const host of ["hiro", "mempool", "coingecko", "coinbase"] as const) {
    const perTick = counts.map((hosts) => hosts[host]?.length ?? 0);
    const met = perTick.findIndex((count) => count > 0);
    const isBalanceHost = host === "hiro" || host === "mempool";
    const most = isBalanceHost ? 2 : 1;
    if (isBalanceHost) expect([host, met]).toEqual([host, expect.toSatisfy((n: number) => n >= 0 && n < 10)]);
    expect([host, Math.max(...perTick.slice(met + 1))]).toEqual([host, expect.toSatisfy((n: number) => n <= most)]);
  }
  expect(ticks.filter((tick) => tick.outcome !== "committed")).toEqual([]);
}

function lastSeq(): number {
  return stack.upstream.listCalls().at(-1)?.seq ?? 0;
}
