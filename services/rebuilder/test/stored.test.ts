import { createHostileTokens, type FaultRuleInput, SBTC_ASSET_ID } from "@standings/upstream-sim";
import { beforeEach, describe, expect, it } from "vitest";
import { makeAgents, type TestAgent } from "./agents.ts";
import { readBalances, readErrors, readFetches, readRanking, wipeDatabase } from "./database.ts";
import { createRig, giveCoins } from "./rig.ts";

const WELSH = "SP3NE50GEXFG9SZGTT51P40X2CKYSZ5CC4ZTZ7A2G.welshcorgicoin-token";

beforeEach(wipeDatabase);

it("covers the whole roster after one rotation, both lanes of every agent", async () => {
  const rig = createRig(makeAgents(23), { vars: { CHUNK_SIZE: "10" } });
  await rig.alarms(3);
  const balances = await readBalances();
  expect(Object.keys(balances).length).toBe(23);
  for (const tokens of Object.values(balances)) expect(Object.keys(tokens).sort()).toEqual(["btc-l1", "sbtc", "stx"]);
});

it("stores an unchanged answer without writing a balance", async () => {
  const agents = makeAgents(5);
  const rig = createRig(agents);
  giveCoins(rig, agents);
  const [first, second] = await rig.alarms(2);
  expect(second?.rowsWritten).toBeLessThan((first?.rowsWritten ?? 0) / 2);
  const capturedAt = new Set((await readFetches()).values().map((row) => row.stacks_good_at));
  expect([...capturedAt]).toEqual([second?.startedAt]);
});

it("shows a counted holding that was sold as zero, and drops a token that is gone", async () => {
  const [agent] = makeAgents(1) as [TestAgent];
  const rig = createRig([agent]);
  rig.holdings.tokens.set(agent.stxAddress, { [SBTC_ASSET_ID]: "700", [`${WELSH}::welsh`]: "9" });
  await rig.alarm();
  expect(await readBalances()).toMatchObject({ [agent.stxAddress]: { sbtc: "700", [WELSH]: "9" } });
  rig.holdings.tokens.set(agent.stxAddress, { [SBTC_ASSET_ID]: "0" });
  await rig.alarm();
  expect(await readBalances()).toEqual({ [agent.stxAddress]: { stx: "0", sbtc: "0", "btc-l1": "0" } });
});

describe("failures of any kind", () => {
  const faults: FaultRuleInput[] = [
    { kind: "5xx" },
    { kind: "429" },
    { kind: "html-200" },
    { kind: "wrong-types" },
    { kind: "custom", status: 200, body: '{"stx":{"balance":"-5"},"fungible_tokens":{}}' },
    { kind: "custom", status: 200, body: '{"stx":{"balance":"3000000000000000"},"fungible_tokens":{}}' },
    { kind: "custom", status: 200, body: "null" },
    { kind: "truncated-json" },
    { kind: "redirect" },
    { kind: "empty" },
    { kind: "reset" },
    { kind: "timeout" },
    { kind: "huge-body" },
    { kind: "404" },
  ];

  it.each(faults)("change no balance ($kind)", async (fault) => {
    const agents = makeAgents(4);
    const rig = createRig(agents);
    giveCoins(rig, agents);
    await rig.alarm();
    const [before, ranking] = [await readBalances(), await readRanking()];
    for (const [index, agent] of agents.entries()) rig.holdings.stx.set(agent.stxAddress, index);
    rig.upstream.faults.set([
      { ...fault, host: "hiro", pathPrefix: "/extended" },
      { ...fault, host: "mempool", pathPrefix: "/address" },
    ]);
    for (const report of await rig.alarms(2)) expect(report.outcome).toBe("committed");
    expect(await readBalances()).toEqual(before);
    expect(await readRanking()).toEqual(ranking);
  });

  it("leave the last good time of the agent as it was, with the reason", async () => {
    const agents = makeAgents(2);
    const rig = createRig(agents);
    const { startedAt } = await rig.alarm();
    rig.upstream.faults.set([{ kind: "5xx", host: "mempool", pathPrefix: "/address" }]);
    const { startedAt: failedAt } = await rig.alarm();
    expect(await readErrors("bitcoin")).toEqual(
      Object.fromEntries(agents.map(({ stxAddress }) => [stxAddress, "http-error 503"])),
    );
    expect(await readErrors("stacks")).toEqual({});
    for (const row of (await readFetches()).values()) {
      expect([row.bitcoin_good_at, row.bitcoin_attempted_at, row.stacks_good_at]).toEqual([
        startedAt,
        failedAt,
        failedAt,
      ]);
    }
  });
});

it("keeps an absurd amount from harming anyone but its own agent", async () => {
  const agents = makeAgents(3);
  const [first, second, third] = agents as [TestAgent, TestAgent, TestAgent];
  const rig = createRig(agents);
  giveCoins(rig, agents);
  rig.holdings.stx.set(second.stxAddress, "340282366920938463463374607431768211455");
  expect(await rig.alarm()).toMatchObject({ outcome: "committed", failed: 1, version: 1 });
  const ranked = (await readRanking()).map(([address]) => address);
  expect(ranked.sort()).toEqual([first.stxAddress, third.stxAddress].sort());
});

it("drops what a stranger sent that is malformed, and counts it, with all else of the answer as it is", async () => {
  const [agent] = makeAgents(1) as [TestAgent];
  const rig = createRig([agent]);
  rig.holdings.stx.set(agent.stxAddress, 5);
  const hostile = { ...createHostileTokens("negative"), ...createHostileTokens("past-uint128") };
  rig.holdings.tokens.set(agent.stxAddress, { ...hostile, [`${WELSH}::welsh`]: "9" });
  expect(await rig.alarm()).toMatchObject({ failed: 0 });
  expect(await readBalances()).toEqual({ [agent.stxAddress]: { stx: "5", sbtc: "0", "btc-l1": "0", [WELSH]: "9" } });
  expect((await readFetches()).get(agent.stxAddress)?.tokens_left_out).toBe(2);
});
