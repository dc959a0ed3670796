import { SBTC_ASSET_ID } from "@standings/upstream-sim";
import { beforeEach, describe, expect, it } from "vitest";
import { makeAgents, type TestAgent } from "./agents.ts";
import { db, readBalances, readRanking, readStandings, readVersions, wipeDatabase } from "./database.ts";
import { createRig, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeAgents(1);
const [agent] = agents as [TestAgent];
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents);
  rig.holdings.stx.set(agent.stxAddress, 10_000_000); // 8 USD
  rig.holdings.btc.set(agent.btcAddress, 1_000); // 1 USD
});

describe("while no feed answers", () => {
  it("prices stay at the last good one, with its time", async () => {
    await rig.alarm();
    expect(await readRanking()).toEqual([[agent.stxAddress, 9_000_000]]);
    const { priced_at: pricedAt } = await readPublication();
    silence();
    rig.holdings.stx.set(agent.stxAddress, 20_000_000);
    await rig.alarm();
    expect(await readRanking()).toEqual([[agent.stxAddress, 17_000_000]]);
    expect((await readPublication()).priced_at).toBe(pricedAt);
    const { prices } = await rig.status();
    expect(prices.stx).toMatchObject({ priceUsd: 0.8, pricedAt, ageSeconds: 150, held: "no answer" });
    expect(prices["btc-l1"]).toMatchObject({ priceUsd: 100_000, held: "no answer" });
  });

  it("and none ever did, nothing is published: an unknown price is not a zero", async () => {
    silence();
    for (const report of await rig.alarms(3)) expect(report).toMatchObject({ outcome: "committed", version: null });
    expect(await readVersions()).toEqual([]);
    expect((await readBalances())[agent.stxAddress]).toMatchObject({ stx: "10000000", "btc-l1": "1000" });
    const { freshness } = await rig.status();
    expect(freshness.status).toBe("starting");
    expect(freshness.reasons[0]?.why).toBe(
      "nothing has been published yet: no price is known of btc-l1 (no answer) and stx (no answer)",
    );
    rig.upstream.intercept = () => undefined;
    expect(await rig.alarm()).toMatchObject({ version: 1 });
    expect(await readRanking()).toEqual([[agent.stxAddress, 9_000_000]]);
  });

  it("lanes go on, and the board is published with what changes", async () => {
    await rig.alarm();
    silence();
    const reports = await rig.alarms(5);
    expect(reports.every(({ failed, agents: asked }) => failed === 0 && asked === 1)).toBe(true);
  });
});

describe("the first price of a coin", () => {
  it.each(["BTC", "STX"] as const)("is never one source's alone (%s)", async (coin) => {
    rig.world.prices.pin({
      ...{ BTC: 100_000, STX: 0.8 },
      [coin]: null,
      sources: { coingecko: { BTC: 100_000, STX: 0.8, [coin]: 1 } },
    });
    for (const report of await rig.run(60)) expect(report.version).toBeNull();
    expect(await readVersions()).toEqual([]);
    const { holds } = await rig.status();
    expect(holds).toMatchObject([{ kind: "price", detail: expect.stringContaining("1 USD, is coingecko's alone") }]);
    rig.world.prices.pin({ BTC: 100_000, STX: 0.8 });
    await rig.alarm();
    expect(await readRanking()).toEqual([[agent.stxAddress, 9_000_000]]);
    expect((await rig.status()).holds).toEqual([]);
  });
});

describe("a quote", () => {
  it("older than the price does not replace it", async () => {
    await rig.alarm();
    const old = rig.nowMs - 10 * MINUTE_MS;
    rig.world.prices.pin({
      BTC: null,
      STX: null,
      sources: { coingecko: { BTC: { usd: 97_000, at: old }, STX: { usd: 0.78, at: old } } },
    });
    await rig.alarm();
    const { prices } = await rig.status();
    expect([prices["btc-l1"]?.priceUsd, prices.stx?.priceUsd]).toEqual([100_000, 0.8]);
    expect(prices.stx?.held).toBe("no quote is newer than the last good price");
  });

  it.each<[string, { usd: number; at?: number }]>([
    ["zero", { usd: 0 }],
    ["of 20 minutes ago", { usd: 99_000, at: -20 * MINUTE_MS }],
    ["of five minutes ahead", { usd: 99_000, at: 5 * MINUTE_MS }],
  ])("that is %s is no answer", async (_, { usd, at }) => {
    await rig.alarm();
    const quote = at === undefined ? usd : { usd, at: rig.nowMs + 2 * MINUTE_MS + at };
    rig.world.prices.pin({ BTC: null, STX: 0.8, sources: { coingecko: { BTC: quote, STX: 0.8 } } });
    await rig.alarm();
    expect((await rig.status()).prices["btc-l1"]).toMatchObject({ priceUsd: 100_000, held: "no usable quote" });
  });

  it("within the bound of the last good price needs nobody's word", async () => {
    await rig.alarm();
    rig.upstream.intercept = ({ host }) => (host === "coingecko" ? respond(403) : undefined);
    rig.world.prices.pin({ BTC: 120_000, STX: 0.9 });
    await rig.alarm();
    const { prices } = await rig.status();
    expect(prices.stx).toMatchObject({ priceUsd: 0.9, source: "coinbase", confirmedBy: "last-good" });
    expect(prices["btc-l1"]).toMatchObject({ priceUsd: 120_000 });
  });

  it("that two sources agree on is believed whatever it says", async () => {
    await rig.alarm();
    rig.world.prices.pin({ BTC: 10_000_000, STX: 80 });
    await rig.alarm();
    expect(await readRanking()).toEqual([[agent.stxAddress, 900_000_000]]);
    expect((await rig.status()).prices.stx).toMatchObject({ confirmedBy: "second-source" });
  });
});

it("asks a third source for BTC only where the first two do not agree", async () => {
  const asked = () => rig.upstream.calls.filter(({ path }) => path === "/v1/prices").length;
  await rig.alarm();
  expect(asked()).toBe(0);
  rig.world.prices.pin({ BTC: 100_000, STX: 0.8, sources: { coinbase: { BTC: 150_000 } } });
  await rig.alarm();
  expect(asked()).toBe(1);
  expect((await rig.status()).prices["btc-l1"]).toMatchObject({ priceUsd: 100_000, confirmedBy: "second-source" });
});

it("values sBTC at the price of BTC", async () => {
  rig.holdings.tokens.set(agent.stxAddress, { [SBTC_ASSET_ID]: "50000" });
  await rig.alarm();
  expect(await readRanking()).toEqual([[agent.stxAddress, 59_000_000]]);
  const [row] = await readStandings();
  expect(row?.tokens.find(({ id }) => id === "sbtc")).toMatchObject({ usd: 50_000_000, counted: true });
});

function silence(): void {
  rig.upstream.intercept = ({ host, path }) =>
    host === "coingecko" || host === "coinbase" || path === "/v1/prices" ? respond(500) : undefined;
}

async function readPublication() {
  return db.selectFrom("publications").selectAll().orderBy("version", "desc").executeTakeFirstOrThrow();
}
