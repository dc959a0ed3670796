import { type FaultRuleInput, SBTC_ASSET_ID } from "@standings/upstream-sim";
import { beforeEach, describe, expect, it } from "vitest";
import { makeAgents, toRosterText } from "./agents.ts";
import { readBalances, readErrors, readGoodAt, readRanking, readStandings, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isWitness, type Rig } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeAgents(40);
const holders = agents.slice(0, 20);
const FORGETS_STX: FaultRuleInput = { kind: "forgets", host: "hiro", pathPrefix: "/extended", what: ["stx"] };
const NO_WITNESS: FaultRuleInput[] = [
  { kind: "5xx", host: "hiro", pathPrefix: "/v2" },
  { kind: "5xx", host: "blockstream" },
];
let rig: Rig;

/** A board of forty, twenty of whom hold sBTC. */
beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents, { vars: { ALARM_INTERVAL_ACTIVE_MS: "600000" } });
  giveCoins(rig, agents);
  for (const { stxAddress } of holders) rig.holdings.tokens.set(stxAddress, { [SBTC_ASSET_ID]: "500" });
  await rig.alarm();
});

describe("a fall that another route does not confirm", () => {
  const kinds = [
    ["stx", { what: ["stx"], host: "hiro", pathPrefix: "/extended" }, 40],
    ["sbtc", { what: ["tokens"], host: "hiro", pathPrefix: "/extended" }, 20],
    ["btc-l1", { what: ["btc"], host: "mempool" }, 40],
  ] as const;

  it.each(kinds)(
    "keeps the last amounts of %s alone, and marks who has them",
    async (tokenId, { what, ...where }, n) => {
      const before = await readBalances();
      const fault: FaultRuleInput = { kind: "forgets", ...where, what: [...what] };
      rig.upstream.faults.set([fault]);
      for (const { stxAddress } of agents) {
        rig.holdings.tokens.set(stxAddress, { ...tokensOf(stxAddress), "SP000000000000000000002Q6VF78.new::new": "3" });
      }
      await rig.alarm();
      const after = await readBalances();
      for (const { stxAddress } of agents) {
        const spam = what[0] === "tokens" ? {} : { "SP000000000000000000002Q6VF78.new": "3" };
        expect(after[stxAddress]).toEqual({ ...before[stxAddress], ...spam });
      }
      const lane = tokenId === "btc-l1" ? "bitcoin" : "stacks";
      expect(Object.values(await readErrors(lane))).toEqual(Array.from({ length: n }, () => "fall-held"));
      expect((await readStandings()).filter(({ partial }) => partial).length).toBe(n);
      const { holds, freshness } = await rig.status();
      const detail = `${n} agents fell to zero ${tokenId} together; their last amounts stay`;
      expect(holds).toMatchObject([{ kind: "fall", subject: tokenId, detail, since: rig.nowMs, seen: rig.nowMs }]);
      expect(freshness).toMatchObject({ status: "degraded", reasons: [{ code: "hold", subject: holds[0]?.id }] });
    },
  );

  it("keeps nothing else of the same agents back, which counts as good news", async () => {
    rig.upstream.faults.set([{ ...FORGETS_STX, what: ["tokens"] }]);
    for (const { stxAddress } of agents) rig.holdings.stx.set(stxAddress, 77);
    await rig.alarm();
    const balances = await readBalances();
    for (const { stxAddress } of agents) expect(balances[stxAddress]?.stx).toBe("77");
    for (const { stxAddress } of holders) expect(balances[stxAddress]?.sbtc).toBe("500");
    expect(new Set((await readGoodAt("stacks")).values())).toEqual(new Set([rig.nowMs]));
    expect((await rig.status()).lanes.stacks.health).toBe("well");
  });

  it("asks five at most about it, in each tick, and nothing while nobody fell", async () => {
    await rig.alarm();
    expect(countWitnesses()).toBe(0);
    rig.upstream.faults.set([FORGETS_STX]);
    for (let tick = 0; tick < 3; tick++) {
      await rig.alarm();
      expect(countWitnesses()).toBe(5);
    }
  });

  it("does not stop another token's fall from being judged by itself", async () => {
    rig.upstream.faults.set([{ ...FORGETS_STX, addresses: agents.slice(20).map(({ stxAddress }) => stxAddress) }]);
    await rig.alarm();
    rig.upstream.faults.set([{ ...FORGETS_STX, what: ["stx", "tokens"] }]);
    await rig.alarms(3);
    expect((await rig.status()).holds.map(({ subject }) => subject).sort()).toEqual(["sbtc", "stx"]);
    for (const { stxAddress } of holders) expect((await readBalances())[stxAddress]).toMatchObject({ sbtc: "500" });
  });
});

describe("a fall that is held back", () => {
  beforeEach(async () => {
    rig.upstream.faults.set([FORGETS_STX, ...NO_WITNESS]);
    await rig.alarm();
    expect((await rig.status()).holds.length).toBe(1);
  });

  it("ends for an agent that answers with a balance again, as it says", async () => {
    rig.upstream.faults.set([]);
    const [first] = agents;
    rig.holdings.stx.set(first?.stxAddress ?? "", 123);
    await rig.alarm();
    expect((await rig.status()).holds).toEqual([]);
    expect((await readBalances())[first?.stxAddress ?? ""]?.stx).toBe("123");
    expect(await readErrors("stacks")).toEqual({});
    expect(rig.logged("hold.ended").length).toBe(1);
  });

  it("ends as soon as the other route agrees on zero, for all of them", async () => {
    for (const { stxAddress } of agents) rig.holdings.stx.set(stxAddress, 0);
    rig.upstream.faults.set([]);
    await rig.alarm();
    await expectBelieved();
  });

  it("ends after three rotations over an hour, when the lane gives amounts of any counted token", async () => {
    await rig.run(50);
    expect((await rig.status()).holds.length).toBe(1);
    await rig.run(20);
    await expectBelieved();
    expect((await readBalances())[holders[0]?.stxAddress ?? ""]?.sbtc).toBe("500");
  });

  it("ends after six hours, whatever anyone holds", async () => {
    rig.upstream.faults.set([{ ...FORGETS_STX, what: ["stx", "tokens"] }, ...NO_WITNESS]);
    await rig.run(5 * 60 + 40);
    expect((await rig.status()).holds.map(({ subject }) => subject)).toContain("stx");
    await rig.run(40);
    await expectBelieved();
  });

  it("ends when an operator accepts it", async () => {
    const [hold] = (await rig.status()).holds;
    expect(await rig.accept(hold?.id ?? "", { reason: "they sold" })).toEqual({ ok: true });
    await rig.alarm();
    await expectBelieved();
    expect(rig.logged("operator.acted")).toEqual([
      { action: "accept", subject: hold?.id, reason: "they sold", outcome: "released with the next tick" },
    ]);
  });

  it("says nothing of an agent that left the roster", async () => {
    rig.vars.ROSTER_MAX_AGE_MS = "1";
    rig.roster = toRosterText(agents.slice(0, 36));
    await rig.alarm();
    expect((await rig.status()).holds[0]?.detail).toContain("36 agents fell to zero stx");
  });

  it("costs the board nothing: its total is as before", async () => {
    const total = (ranking: [string, number][]) => ranking.reduce((sum, [, usd]) => sum + usd, 0);
    const before = total(await readRanking());
    await rig.alarms(3);
    expect(total(await readRanking())).toBe(before);
  });
});

describe("a fall that is true", () => {
  it.each([
    ["of all holders", 20],
    ["of a third", 13],
  ])("is believed within the tick when another route confirms it (%s)", async (_, leaving) => {
    for (const { stxAddress } of holders.slice(0, leaving)) rig.holdings.tokens.set(stxAddress, {});
    await rig.alarm();
    expect(countWitnesses()).toBe(5);
    expect((await rig.status()).holds).toEqual([]);
    const balances = await readBalances();
    expect(holders.filter(({ stxAddress }) => balances[stxAddress]?.sbtc === "0").length).toBe(leaving);
  });

  it("of a few among many needs nobody's word", async () => {
    for (const { stxAddress } of agents.slice(0, 9)) rig.holdings.stx.set(stxAddress, 0);
    await rig.alarm();
    expect(countWitnesses()).toBe(0);
    expect(Object.values(await readBalances()).filter(({ stx }) => stx === "0").length).toBe(9);
  });

  it("of ten agents in each rotation makes nobody else later", async () => {
    rig.vars.CHUNK_SIZE = "20";
    await rig.alarms(2);
    for (let rotation = 0; rotation < 4; rotation++) {
      const half = agents.slice(20).filter((_, index) => index % 2 === rotation % 2);
      for (const { stxAddress } of agents.slice(20)) rig.holdings.stx.set(stxAddress, 5);
      for (const { stxAddress } of half) rig.holdings.stx.set(stxAddress, 0);
      for (const report of await rig.alarms(2)) {
        expect(report.lanes.stacks).toMatchObject({ asked: 20, failed: 0 });
      }
    }
    const oldest = Math.min(...(await readGoodAt("stacks")).values());
    expect(oldest).toBeGreaterThanOrEqual(rig.nowMs - 10 * MINUTE_MS);
  });
});

async function expectBelieved(): Promise<void> {
  for (const { stx } of Object.values(await readBalances())) expect(stx).toBe("0");
  const { holds } = await rig.status();
  expect(holds.filter(({ subject }) => subject === "stx")).toEqual([]);
  expect((await readStandings()).some(({ partial }) => partial)).toBe(holds.length > 0);
}

const countWitnesses = () => rig.upstream.calls.filter(isWitness).length;

function tokensOf(stxAddress: string): Record<string, string> {
  return holders.some((agent) => agent.stxAddress === stxAddress) ? { [SBTC_ASSET_ID]: "500" } : {};
}
