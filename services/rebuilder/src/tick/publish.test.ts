import { BTC, STX } from "@standings/balances";
import { describe, expect, it } from "vitest";
import { NEW_CONTROL, NEW_STATE, planOf } from "../../test/plan.ts";
import { NEW_CRASHES } from "../safeguards/poison.ts";
import { NEW_ROSTER } from "../safeguards/roster-shrink.ts";
import type { Verdict } from "./judge.ts";
import { NEW_LANE_PLACE } from "./lanes.ts";
import type { Plan } from "./plan.ts";
import { MAX_AGENTS_TO_PUBLISH_EVERY_TICK, shouldPublish, toPublication, whyNotPublishable } from "./publish.ts";

const STX_PRICE = { tokenId: STX, priceUsd: 1, pricedAt: 1, source: "coinbase" };

describe("whyNotPublishable", () => {
  it("waits for an accepted price of BTC and of STX: an unknown price is no zero (M4)", () => {
    const plan = planOf({ lastGoodPrices: [{ ...STX_PRICE, tokenId: BTC }] });
    const problems = { [STX]: "the first price of stx, 1 USD, is coinbase's alone" };
    const waiting = verdictOf({ prices: { accepted: [], memory: {}, problems } });
    expect(whyNotPublishable({ plan, verdict: waiting })).toBe(`no price is known of stx (${problems[STX]})`);
    expect(whyNotPublishable({ plan: planOf({ lastGoodPrices: [] }), verdict: verdictOf() })).toBe(
      "no price is known of btc-l1 (not asked for) and stx (not asked for)",
    );
    const priced = verdictOf({ prices: { accepted: [STX_PRICE], memory: {}, problems: {} } });
    expect(whyNotPublishable({ plan, verdict: priced })).toBeNull();
  });

  it("waits for a roster: nobody listed is no ranking of nobody", () => {
    const memory = { ...NEW_ROSTER, problem: "the key cache:agent-list is absent" };
    const plan = ofSize(0, { roster: { change: null, memory, hold: undefined } });
    expect(whyNotPublishable({ plan, verdict: verdictOf() })).toBe(memory.problem);
    expect(whyNotPublishable({ plan: ofSize(0), verdict: verdictOf() })).toBe("the roster is empty");
  });
});

describe("shouldPublish", () => {
  it.each([
    ["a value changed", { changes: true }, true],
    ["nothing did", {}, false],
    ["nothing did, and a rotation that brought good answers ended", { ends: true, good: 1 }, true],
    ["a rotation ended that brought none", { ends: true, good: 0 }, false],
    ["there is no ranking yet", { hasPublication: false }, true],
    ["an earlier tick still owes one", { owed: true }, true],
    ["a value of a thousand agents changed", { changes: true, agents: MAX_AGENTS_TO_PUBLISH_EVERY_TICK }, true],
    ["a value of more changed", { changes: true, agents: MAX_AGENTS_TO_PUBLISH_EVERY_TICK + 1 }, false],
    ["of more, a rotation ended", { agents: MAX_AGENTS_TO_PUBLISH_EVERY_TICK + 1, ends: true, good: 1 }, true],
    ["a value changed, but there is no price", { changes: true, lastGoodPrices: [] }, false],
  ])("when %s", (_name, given: Given, publishes) => {
    const { changes = false, ends = false, good = 0, owed = false, agents = 430, ...plan } = given;
    const journal = { ...NEW_STATE.journal, publishing: { ...NEW_STATE.journal.publishing, owed } };
    const input = {
      plan: ofSize(agents, plan),
      verdict: verdictOf({ changesRanking: changes }),
      memory: { state: { ...NEW_STATE, journal }, control: NEW_CONTROL, crashes: NEW_CRASHES },
      endsRotation: ends,
      goodAnswers: good,
    };
    expect(shouldPublish(input)).toBe(publishes);
  });
});

describe("toPublication", () => {
  it("has the next version, and the highest rotation that anybody knows", () => {
    expect(toPublication(planOf({ version: 41, highestRotation: 7 }), 99)).toEqual({
      version: 42,
      rotation: 7,
      staleAfter: 99,
    });
    const place = { agents: 1, resets: 0, stacks: NEW_LANE_PLACE, bitcoin: { ...NEW_LANE_PLACE, rotation: 9 } };
    expect(toPublication(planOf({ place, highestRotation: 7 }), 99).rotation).toBe(9);
  });
});

interface Given extends Partial<Pick<Plan, "hasPublication" | "lastGoodPrices">> {
  changes?: boolean;
  ends?: boolean;
  good?: number;
  owed?: boolean;
  agents?: number;
}

function ofSize(agents: number, changes: Partial<Plan> = {}): Plan {
  const plan = planOf(changes);
  return { ...plan, place: { ...plan.place, agents } };
}

function verdictOf(changes: Partial<Verdict> = {}): Verdict {
  return {
    pairs: [],
    releases: [],
    prices: { accepted: [], memory: {}, problems: {} },
    holds: [],
    begun: [],
    ended: [],
    kept: { stacks: [], bitcoin: [] },
    changesRanking: false,
    ...changes,
  };
}
