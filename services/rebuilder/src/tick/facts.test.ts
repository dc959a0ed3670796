import { describe, expect, it } from "vitest";
import { CONFIG } from "../../test/config.ts";
import { heldFall } from "../../test/falls.ts";
import { NEW_CONTROL, NEW_STATE } from "../../test/plan.ts";
import { freshnessFacts } from "../contract/freshness.ts";
import { NEW_LANE } from "../safeguards/lane-health.ts";
import { NEW_PRICE_MEMORY } from "../safeguards/price-jump.ts";
import { type FactsInput, toFacts, toFactsNow } from "./facts.ts";
import { toUnknownPlace } from "./lanes.ts";

const NOW = 1_800_000_000_000;

describe("toFacts", () => {
  it("says how long a rotation takes, at the interval of healthy upstreams and at the budgets'", () => {
    expect(facts({ agents: 430, chunkSize: 86 })).toMatchObject({ rotationMs: 600_000, budgetRotationMs: 600_000 });
    expect(facts({ agents: 1_005, chunkSize: 92 })).toMatchObject({ rotationMs: 11 * 54_545 });
    expect(facts({ agents: 430, chunkSize: 86, paceMs: 900_000 }).budgetRotationMs).toBe(5 * 900_000);
    expect(facts({ agents: 0, chunkSize: 100 }).rotationMs).toBe(120_000);
  });

  it("tells the ages of the coins alone: the price of sBTC is that of BTC", () => {
    const prices = ["btc-l1", "sbtc", "stx", "SP1.token"].map((tokenId) => ({ tokenId, pricedAt: NOW }));
    expect(facts({ prices }).prices).toEqual({ "btc-l1": NOW, stx: NOW });
  });

  it("tells each hold in the words of the status, and of a lane nothing that is not judged", () => {
    const { id, since } = heldFall();
    expect(facts({ holds: [heldFall()] }).holds).toEqual([
      { id, kind: "fall", subject: "sbtc", detail: expect.stringContaining("31 agents"), since },
    ]);
    const lane = { ...NEW_LANE, goodAt: 5, streak: ["SP1"] };
    expect(facts({ lanes: { stacks: lane, bitcoin: NEW_LANE } }).lanes.stacks).toEqual({
      health: "well",
      since: null,
      until: null,
      why: null,
      goodAt: 5,
    });
  });

  it("tells a pause only while it lasts", () => {
    const paused = { since: NOW - 5, until: NOW + 1, reason: "an upgrade" };
    expect(facts({ control: { ...NEW_CONTROL, paused } }).paused).toEqual(paused);
    expect(facts({ control: { ...NEW_CONTROL, paused }, nowMs: NOW + 1 }).paused).toBeNull();
  });

  it("can be read by whoever judges by it, also after its way through JSON", () => {
    const told = facts({ holds: [heldFall()], waitingFor: "no price is known of stx" });
    expect(freshnessFacts.parse(JSON.parse(JSON.stringify(told)))).toEqual(told);
  });
});

describe("toFactsNow", () => {
  it("tells of the newest commit what the tick itself told", () => {
    const journal = {
      ...NEW_STATE.journal,
      committedAt: NOW - 9,
      startedAt: NOW - 99,
      paceMs: 900_000,
      waitingFor: "why",
    };
    const state = {
      ...NEW_STATE,
      journal,
      place: toUnknownPlace(1, 430, 0),
      prices: { stx: { ...NEW_PRICE_MEMORY, pricedAt: 7 }, sbtc: { ...NEW_PRICE_MEMORY, pricedAt: 7 } },
    };
    const told = toFactsNow({ state, control: NEW_CONTROL }, CONFIG, { nowMs: NOW, alarmAt: NOW + 5 });
    expect(told).toMatchObject({
      tickAt: NOW - 9,
      startedAt: NOW - 99,
      nextTickAt: NOW + 5,
      agents: 430,
      prices: { stx: 7 },
      rotationMs: 600_000,
      budgetRotationMs: 4_500_000,
      waitingFor: "why",
    });
    expect(told.prices).toEqual({ stx: 7 });
  });

  it("knows of nothing before the first tick", () => {
    const told = toFactsNow({ state: NEW_STATE, control: NEW_CONTROL }, CONFIG, { nowMs: NOW, alarmAt: null });
    expect(told).toMatchObject({ tickAt: null, startedAt: null, agents: 0, prices: {}, holds: [] });
    expect(freshnessFacts.parse(told)).toEqual(told);
  });
});

function facts(changes: Partial<FactsInput> = {}) {
  return toFacts({
    tickAt: NOW,
    nextTickAt: NOW + 120_000,
    startedAt: NOW,
    agents: 430,
    chunkSize: 86,
    lanes: { stacks: NEW_LANE, bitcoin: NEW_LANE },
    prices: [],
    holds: [],
    control: NEW_CONTROL,
    paceMs: 0,
    waitingFor: null,
    nowMs: NOW,
    config: CONFIG,
    ...changes,
  });
}
