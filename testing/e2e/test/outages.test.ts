import { LANES } from "@standings/rebuilder/contract";
import { SBTC_ASSET_ID } from "@standings/upstream-sim";
import type { Call, FaultRuleInput } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Board, readBoard, toBalances } from "../src/board.ts";
import type { Status } from "../src/operator.ts";
import { PRICES, pinEverything, pinWithoutSbtc, pinZeros, toContract } from "../src/pins.ts";
import { type SteadyStack, startSteadyStack } from "../src/steady-stack.ts";
import type { TestStack } from "../src/test-stack.ts";
import type { TickWatch } from "../src/ticks.ts";

const WAIT_MS = 30_000;
/** Ten failures, and five more that were under way. */
const CALLS_TO_MEET = 15;

const SBTC = toContract(SBTC_ASSET_ID);

let steady: SteadyStack;
let stack: TestStack;
beforeAll(async () => {
  steady = await startSteadyStack("outages");
  stack = steady.stack;
});
afterAll(() => steady?.close());

describe("for twenty ticks no stored balance and no rank changes, only probes are sent, status names the cause, and two ticks after it all is as before, when", () => {
  it("every upstream answers 429", async () => {
    const { watch, calls, status } = await endure([{ kind: "429" }]);
    for (const host of ["hiro", "mempool"]) {
      expect(status.upstreams[host]).toMatchObject({ lastError: "rate-limited" });
    }
    // A gate opens after a second, and the host closes it again: what it says is no failure of the lane.
    for (const lane of LANES) expect(status.lanes[lane].health).toBe("well");
    expect(status.intervalReason).toMatch(/^neither lane can ask: stacks waits for its host's gate, bitcoin waits/);
    expectProbesOnly(watch, calls, 6); // those under way when the first one is refused
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });

  it("every upstream answers with a page and 200", async () => {
    const { watch, calls, status } = await endure([{ kind: "html-200" }]);
    for (const lane of LANES) expect(status.lanes[lane]).toMatchObject({ health: "resting", why: "content-type" });
    expect(status.intervalReason).toBe("neither lane can ask: stacks rests, bitcoin rests");
    expectProbesOnly(watch, calls, 3);
    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });
});

describe("an index that has lost its data while the chain has it", () => {
  it("takes no token from anybody: status names the hold, the rest of the answers counts, and it ends with the loss", async () => {
    const watch = await steady.begin(() => stack.upstream.setFaults([FORGETS_SBTC]));
    const held = await watch.waitFor("everybody's sBTC to be held", WAIT_MS, ({ holds }) => {
      return holds.some(({ detail }) => detail.startsWith(`${steady.agents.length} agents`));
    });
    expect(held.holds).toMatchObject([{ kind: "fall", subject: "sbtc" }]);
    const [hold] = held.holds;
    expect(held.freshness).toMatchObject({ status: "degraded", reasons: [{ code: "hold", subject: hold?.id }] });
    expect(held.lanes.stacks.health).toBe("well");
    for (const tick of watch.ticks) expect(tick.lanes.stacks).toMatchObject({ asked: steady.chunk, failed: 0 });
    expect(held.publication).toMatchObject({ partial: steady.agents.length });
    expect(steady.takeFlaws()).toEqual([]);

    expect(await steady.recover(() => stack.upstream.setFaults([]))).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
    const events = stack.lines.filter((line) => hold && line.includes(hold.id));
    expect(events.filter((line) => line.includes('"event":"hold.began"'))).toHaveLength(1);
    expect(events.filter((line) => line.includes('"event":"hold.ended"'))).toHaveLength(1);
  });

  it("still shows what else its answers say", async () => {
    const [first] = steady.agents;
    if (!first) throw new Error("nobody is on the board");
    const watch = await steady.begin(() => {
      stack.upstream.setFaults([FORGETS_SBTC]);
      stack.upstream.pinHoldings(first.stxAddress, { stx: "777000000", tokens: { [SBTC_ASSET_ID]: "1000" } });
    });
    await watch.waitForTicks(2, WAIT_MS);
    const shown = (await readBoard(stack.origin)).agents.find((agent) => agent.stxAddress === first.stxAddress);
    expect(shown && toBalances(shown)).toMatchObject({ STX: "777000000", [SBTC]: "1000" });
    expect(shown).toMatchObject({ fetchError: "partial" });
    const lift = () => {
      stack.upstream.setFaults([]);
      pinEverything(stack.upstream, steady.agents);
    };
    expect(await steady.recover(lift)).toEqual([]);
    steady.takeFlaws(); // the one that was meant
  });
});

describe("a price that one feed alone says", () => {
  it("never reaches the board, however far off it is, and is named until the feed is right again", async () => {
    const spike = { BTC: PRICES.BTC * 10, STX: PRICES.STX * 10 };
    const watch = await steady.begin(() => stack.upstream.pinPrices({ ...PRICES, sources: { coinbase: spike } }));
    await watch.waitForTicks(2, WAIT_MS);
    expect((await readBoard(stack.origin)).prices).toEqual({ ...PRICES, sBTC: PRICES.BTC });
    stack.upstream.setFaults([
      { kind: "5xx", host: "coingecko" },
      { kind: "5xx", pathPrefix: "/v1/prices" },
    ]);
    const held = await watch.waitFor("the spike to be held", WAIT_MS, ({ holds }) => holds.length === 2);
    expect(held.holds.map(({ kind, subject }) => [kind, subject]).sort()).toEqual([
      ["price", "btc-l1"],
      ["price", "stx"],
    ]);
    expect(held.prices).toMatchObject({ stx: { priceUsd: PRICES.STX, held: expect.stringContaining("coinbase") } });
    await watch.waitForTicks(watch.ticks.length + 2, WAIT_MS);
    expect((await readBoard(stack.origin)).prices).toEqual({ ...PRICES, sBTC: PRICES.BTC });
    const lift = () => {
      stack.upstream.setFaults([]);
      stack.upstream.pinPrices(PRICES);
    };
    expect(await steady.recover(lift)).toEqual([]);
    expect(steady.takeFlaws()).toEqual([]);
  });
});

describe("zeros for everybody", () => {
  it("are held when neither the node nor another explorer can be asked, until an operator accepts them", async () => {
    const routes = [{ kind: "5xx", pathPrefix: "/v2/" } as const, { kind: "5xx", host: "blockstream" } as const];
    const watch = await steady.begin(() => {
      stack.upstream.setFaults(routes);
      pinZeros(stack.upstream, steady.agents);
    });
    const all = `${steady.agents.length} agents`;
    const held = await watch.waitFor("everything to be held", WAIT_MS, ({ holds }) => {
      return holds.length === 3 && holds.every(({ detail }) => detail.startsWith(all));
    });
    expect(held.holds.map(({ subject }) => subject).sort()).toEqual(["btc-l1", "sbtc", "stx"]);
    for (const { id, release } of held.holds) {
      expect(release).toContain("accept");
      expect(held.freshness.reasons).toContainEqual(
        expect.objectContaining({
          code: "hold",
          subject: id,
          action: expect.objectContaining({ command: `accept --id ${id}` }),
        }),
      );
    }
    for (const tick of watch.ticks) expect(tick.lanes).toMatchObject({ stacks: { failed: 0 }, bitcoin: { failed: 0 } });
    expect(steady.takeFlaws()).toEqual([]);

    for (const { id } of held.holds) await stack.operator.change("accept", { id, reason: "they did" });
    await watch.waitForTicks(watch.ticks.length + 1, WAIT_MS);
    expectZeros(await readBoard(stack.origin));
    expect((await stack.operator.getStatus()).holds).toEqual([]);
    const lift = () => {
      stack.upstream.setFaults([]);
      pinEverything(stack.upstream, steady.agents);
    };
    expect(await steady.recover(lift)).toEqual([]);
    steady.takeFlaws(); // those that were meant
  });
});

describe("a mass exit that the chain confirms", () => {
  it("is on the board with the tick that saw it, and nothing is held", async () => {
    const lines = stack.lines.length;
    const watch = await steady.begin(() => pinWithoutSbtc(stack.upstream, steady.agents));
    await watch.waitForTicks(1, WAIT_MS);
    expect(await countSold()).toBe(steady.chunk);
    const status = await watch.waitForTicks(2, WAIT_MS);
    expect(await countSold()).toBe(steady.agents.length);
    expect(status.holds).toEqual([]);
    expect(stack.lines.slice(lines).filter((line) => line.includes('"event":"hold.'))).toEqual([]);
  });

  const countSold = async () => {
    const { agents } = await readBoard(stack.origin);
    return agents.filter((agent) => !(SBTC in toBalances(agent))).length;
  };
});

describe("afterwards", () => {
  it("no Worker has logged an error, and no more than six calls were ever in flight", () => {
    expect(stack.listErrors()).toEqual([]);
    expect(stack.upstream.stats().maxInFlight).toBeLessThanOrEqual(6);
  });
});

/** The index of the balance routes; the node behind the same host still knows. */
const FORGETS_SBTC: FaultRuleInput = {
  kind: "forgets",
  host: "hiro",
  pathPrefix: "/extended/",
  what: ["tokens"],
  assets: [SBTC_ASSET_ID],
};

/** Twenty ticks of one outage, with the calls they made. */
async function endure(faults: FaultRuleInput[]): Promise<{ watch: TickWatch; calls: Call[]; status: Status }> {
  const seq = stack.upstream.listCalls().at(-1)?.seq;
  const watch = await steady.begin(() => stack.upstream.setFaults(faults));
  const status = await watch.waitForTicks(20, WAIT_MS);
  return { watch, calls: stack.upstream.listCalls(seq), status };
}

/** Once a lane is known to be in trouble, few calls a tick find out whether it still is; and each feed is asked once. */
function expectProbesOnly({ ticks }: TickWatch, calls: readonly Call[], probes: number): void {
  const counts = Object.groupBy(calls, ({ host, path }) => (path === "/v1/prices" ? "mempool prices" : host));
  const most = { hiro: probes, mempool: probes, "mempool prices": 1, coingecko: 1, coinbase: 2 };
  const isBalanceHost = (host: string) => host === "hiro" || host === "mempool";
  for (const [host, limit] of Object.entries(most)) {
    const met = isBalanceHost(host) ? CALLS_TO_MEET : limit;
    const made = (counts as Record<string, Call[]>)[host]?.length ?? 0;
    expect([host, made]).toEqual([host, expect.toSatisfy((n: number) => n <= met + (ticks.length - 1) * limit)]);
  }
  expect(ticks.filter((tick) => tick.outcome !== "committed")).toEqual([]);
}

function expectZeros(board: Board): void {
  expect(board.agents.map(({ totalUsd }) => totalUsd)).toEqual(steady.agents.map(() => 0));
  expect(board.agents.flatMap(({ tokens }) => tokens).filter(({ counted }) => counted)).toEqual([]);
}
