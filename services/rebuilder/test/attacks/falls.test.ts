import { beforeEach, describe, expect, it } from "vitest";
import type { TestAgent } from "../agents.ts";
import { giveCoins, makeBoard, SBTC } from "./agents.ts";
import { type AttackRig, type Call, createAttackRig, readBalances, readFetches, readPublished } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeBoard(100);
let rig: AttackRig;

beforeEach(async () => {
  rig = await createAttackRig({ agents });
  giveCoins(rig.upstreams, agents);
});

describe("a fall that no other route confirms", () => {
  it("keeps the sBTC of thirty in a hundred whom Hiro shows without any token, and writes all else of the same answers", async () => {
    const holders = agents.filter((_, index) => index % 10 < 3);
    giveSbtc(holders);
    await rig.alarm();
    const before = await readPublished();
    rig.upstreams.intercept = hideTokens;
    for (const { stxAddress } of agents) rig.upstreams.stx.set(stxAddress, "900000000");
    await rig.alarm();
    expect(await countWith(holders, "sbtc", "500000")).toBe(30);
    expect(await countWith(agents, "stx", "900000000")).toBe(100);
    const published = await readPublished();
    expect(published?.totalUsd).toBeGreaterThan((before?.totalUsd ?? 0) * 0.99);
    const marked = [...(published?.rows ?? [])].filter(([, row]) => row.partial).map(([address]) => address);
    expect(marked.sort()).toEqual(holders.map(({ stxAddress }) => stxAddress).sort());
    const { holds, freshness } = await rig.status();
    expect(holds?.map(({ kind }) => kind)).toEqual(["fall"]);
    expect(`${holds?.[0]?.subject} ${holds?.[0]?.detail}`).toMatch(/sbtc/i);
    expect(freshness?.status).toBe("degraded");
  });

  it("is judged by itself while another stands: zeros of sBTC are not believed because STX is held", async () => {
    const [first, others] = [agents.slice(0, 5), agents.slice(5, 40)];
    rig = await createAttackRig({ agents: agents.slice(0, 40) });
    giveSbtc(first);
    giveCoins(rig.upstreams, others);
    await rig.alarm();
    rig.upstreams.intercept = (call) => {
      return call.kind === "balance" &&
        call.host === "hiro" &&
        others.some(({ stxAddress }) => stxAddress === call.address)
        ? toV1("0")
        : undefined;
    };
    await rig.alarm();
    rig.upstreams.intercept = (call) => (call.kind === "balance" && call.host === "hiro" ? toV1("0") : undefined);
    await rig.alarms(12);
    expect(await countWith(first, "sbtc", "500000")).toBe(5);
    const balances = await readBalances();
    expect(others.filter(({ stxAddress }) => balances[stxAddress]?.stx === "0")).toEqual([]);
    const held = (await rig.status()).holds?.map(({ kind, subject, detail }) => `${kind} ${subject} ${detail}`) ?? [];
    expect(held.filter((hold) => /^fall .*\bstx\b/i.test(hold)).length).toBe(1);
    expect(held.filter((hold) => /^fall .*sbtc/i.test(hold)).length).toBe(1);
  });
});

describe("holders who really leave a token", () => {
  const five = agents.slice(0, 5);
  const scenarios = [
    ["35 in 100 of them", { holders: agents, leaving: agents.slice(0, 35), receiving: [] }],
    ["all of them", { holders: agents, leaving: agents, receiving: [] }],
    ["the only five, for a sixth", { holders: five, leaving: five, receiving: agents.slice(5, 6) }],
  ] as const;

  it.each(scenarios)("are believed within the tick when another route says so: %s", async (_, scenario) => {
    giveSbtc(scenario.holders);
    await rig.alarm();
    leave(scenario);
    await rig.alarm();
    expect(await countWith(scenario.leaving, "sbtc", "0")).toBe(scenario.leaving.length);
    expect(await countWith(scenario.receiving, "sbtc", "500000")).toBe(scenario.receiving.length);
    await rig.run(30);
    expect(await countFresh(agents, rig.now - 10 * MINUTE_MS)).toBe(100);
    expect((await rig.status()).holds ?? []).toEqual([]);
  });

  it.each(scenarios)("are held back for want of another route, and nothing else is: %s", async (_, scenario) => {
    giveSbtc(scenario.holders);
    await rig.alarm();
    rig.upstreams.intercept = noWitness;
    leave(scenario);
    await rig.alarms(2);
    expect(await countWith(scenario.leaving, "sbtc", "500000")).toBe(scenario.leaving.length);
    for (const { stxAddress } of agents) rig.upstreams.stx.set(stxAddress, "900000000");
    await rig.run(30);
    expect(await countWith(agents, "stx", "900000000")).toBe(100);
    expect(await countFresh(agents, rig.now - 10 * MINUTE_MS)).toBe(100);
    expect((await rig.status()).holds?.map(({ kind }) => kind)).toEqual(["fall"]);
  });

  it.each(scenarios)("are believed after six hours at most, with no operator: %s", async (_, scenario) => {
    giveSbtc(scenario.holders);
    rig.vars.ALARM_INTERVAL_ACTIVE_MS = "600000"; // fewer ticks in the same hours
    await rig.alarm();
    rig.upstreams.intercept = noWitness;
    leave(scenario);
    await rig.run(6 * 60 + 25);
    expect(await countWith(scenario.leaving, "sbtc", "0")).toBe(scenario.leaving.length);
    expect(await countFresh(agents, rig.now - 25 * MINUTE_MS)).toBe(100);
    expect((await rig.status()).holds ?? []).toEqual([]);
  });
});

/** Hiro's answer about an agent that holds STX at most. */
function toV1(stx: string): Response {
  return Response.json({ stx: { balance: stx, locked: "0" }, fungible_tokens: {}, non_fungible_tokens: {} });
}

const noWitness = ({ kind }: Call) => (kind === "witness" ? new Response("", { status: 503 }) : undefined);

/** Hiro's list of balances without its tokens; every other route still tells the truth. */
function hideTokens({ host, kind, address }: Call): Response | undefined {
  return host === "hiro" && kind === "balance" ? toV1(rig.upstreams.stx.get(address) ?? "0") : undefined;
}

function giveSbtc(to: readonly TestAgent[]) {
  for (const { stxAddress } of to) rig.upstreams.tokens.set(stxAddress, { [SBTC]: "500000" });
}

function leave({ leaving, receiving }: Record<"leaving" | "receiving", readonly TestAgent[]>) {
  for (const { stxAddress } of leaving) rig.upstreams.tokens.delete(stxAddress);
  giveSbtc(receiving);
}

async function countWith(of: readonly TestAgent[], token: string, amount: string): Promise<number> {
  const balances = await readBalances();
  return of.filter(({ stxAddress }) => balances[stxAddress]?.[token] === amount).length;
}

async function countFresh(of: readonly TestAgent[], sinceMs: number): Promise<number> {
  const fetches = await readFetches();
  return of.filter(({ stxAddress }) => (fetches.get(stxAddress)?.stacksGoodAt ?? 0) >= sinceMs).length;
}
