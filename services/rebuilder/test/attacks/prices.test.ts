import { describe, expect, it } from "vitest";
import type { TestAgent } from "../agents.ts";
import { giveCoins, makeBoard } from "./agents.ts";
import { type Call, createAttackRig, execute, readBalances, readPublished } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeBoard(5);

describe("a price that jumps", () => {
  it("is accepted after thirty minutes when the one feed left says it all the time, and is marked as such", async () => {
    const rig = await start();
    await rig.alarm();
    rig.upstreams.intercept = ({ host }) => (host === "coingecko" ? new Response("", { status: 403 }) : undefined);
    rig.upstreams.quotes.coinbase.stx = 1.3;
    await rig.alarms(2);
    expect((await readPublished())?.prices.stx).toBe(0.8);
    const held = await rig.findHeld("price");
    await rig.run(45);
    expect((await readPublished())?.prices.stx).toBe(1.3);
    expect(held).toBeTypeOf("string");
    const status = await rig.status();
    expect(JSON.stringify(status.prices.stx)).toMatch(/single/i);
    expect(status.holds).toEqual([]);
  });

  it("is accepted as soon as an operator says so", async () => {
    const rig = await start();
    await rig.alarm();
    rig.upstreams.intercept = ({ host }) => (host === "coingecko" ? new Response("", { status: 403 }) : undefined);
    rig.upstreams.quotes.coinbase.stx = 1.3;
    await rig.alarms(2);
    await rig.accept((await rig.findHeld("price")) ?? "nothing is held that could be accepted");
    await rig.alarms(2);
    expect((await readPublished())?.prices.stx).toBe(1.3);
  });
});

describe("the first price of BTC", () => {
  it("is never one that no second source confirms", async () => {
    const rig = await start();
    rig.upstreams.quotes.mempool.btc = undefined;
    rig.upstreams.quotes.coinbase.btc = undefined;
    rig.upstreams.quotes.coingecko.btc = 1;
    await rig.alarms(3);
    expect(await listPublishedBtc()).not.toContain(1);
    rig.upstreams.quotes.coingecko.btc = 100_000;
    await rig.run(60);
    expect(await listPublishedBtc()).toEqual([]);
    rig.upstreams.quotes.mempool.btc = 100_000;
    rig.upstreams.quotes.coinbase.btc = 100_000;
    await rig.alarms(2);
    expect((await readPublished())?.prices["btc-l1"]).toBe(100_000);
  });

  it("is waited for: nobody is ranked while what bitcoin is worth is unknown", async () => {
    const rig = await start();
    const [rich] = agents as [TestAgent];
    rig.upstreams.btc.set(rich.btcAddress, 100_000_000);
    const btc = { ...rig.upstreams.quotes };
    rig.upstreams.quotes = {
      coingecko: { btc: undefined, stx: 0.8 },
      coinbase: { btc: undefined, stx: 0.8 },
      mempool: { btc: undefined },
    };
    await rig.alarms(3);
    expect(Object.keys(await readBalances()).length).toBe(5);
    expect((await readPublished())?.rows.get(rich.stxAddress)).toBeUndefined();
    expect(await execute("SELECT version FROM publications")).toEqual([]);
    const { freshness } = await rig.status();
    expect(freshness?.status).toBe("starting");
    expect(JSON.stringify(freshness?.reasons)).toMatch(/price/i);
    rig.upstreams.quotes = btc;
    await rig.alarms(2);
    expect((await readPublished())?.rows.get(rich.stxAddress)).toMatchObject({ rank: 1, partial: false });
  });
});

describe("a quote that is older than the price", () => {
  it("does not replace it", async () => {
    const rig = await start();
    await rig.alarm();
    rig.upstreams.quotes = {
      coingecko: { btc: 97_000, stx: 0.78 },
      coinbase: { btc: undefined, stx: undefined },
      mempool: { btc: undefined },
    };
    rig.upstreams.quoteAgeMs = 10 * MINUTE_MS;
    await rig.alarm();
    expect((await readPublished())?.prices).toMatchObject({ "btc-l1": 100_000, stx: 0.8 });
    rig.upstreams.quoteAgeMs = 0;
    rig.upstreams.quotes.coinbase = { btc: 97_000, stx: 0.78 };
    await rig.alarms(2);
    expect((await readPublished())?.prices).toMatchObject({ "btc-l1": 97_000, stx: 0.78 });
  });
});

describe("a price feed that once failed", () => {
  it("is not called broken for ever only because nobody needs it", async () => {
    const rig = await start();
    rig.vars.ALARM_INTERVAL_ACTIVE_MS = "600000"; // fewer ticks in the same day
    const failing = (call: Call) =>
      call.kind === "price" && call.host !== "mempool" ? new Response("", { status: 429 }) : undefined;
    rig.upstreams.intercept = failing;
    await rig.alarms(4);
    rig.upstreams.intercept = () => undefined;
    await rig.run(24 * 60);
    const { coinbase } = (await rig.status()).upstreams;
    expect(JSON.stringify(coinbase)).not.toContain("half-open");
    expect(coinbase.notBefore ?? 0).toBeLessThanOrEqual(rig.now);
  });
});

async function start() {
  const rig = await createAttackRig({ agents });
  giveCoins(rig.upstreams, agents);
  return rig;
}

async function listPublishedBtc(): Promise<unknown[]> {
  const rows = await execute("SELECT prices FROM publications");
  return rows.flatMap(({ prices }) => JSON.parse(String(prices))["btc-l1"] ?? []);
}
