import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answer, heldFall, holders, names } from "../../test/falls.ts";
import { drawWitnesses, findClaims, type HolderAnswer, type LaneFalls, MAX_WITNESSES } from "./falls.ts";

const TOKENS = ["stx", "sbtc", "btc-l1"];

describe("findClaims", () => {
  it.each([
    ["five of sixteen holders", 16, 5, true],
    ["thirty of a hundred", 100, 30, false],
    ["thirty-one of a hundred", 100, 31, true],
    ["the only five holders", 5, 5, true],
    ["four of four", 4, 4, false],
    ["four of ten", 10, 4, false],
  ])("takes a fall of %s for a claim: %#", (_name, n, fallen, isClaim) => {
    expect(findClaims({ answers: holders(n, fallen), kept: [], holds: [] })).toEqual(isClaim ? ["sbtc"] : []);
  });

  it("looks at the lane's last answers too, so that a few that sell are none among many", () => {
    expect(findClaims({ answers: holders(5, 5), kept: asOthers(holders(95, 0)), holds: [] })).toEqual([]);
    expect(findClaims({ answers: holders(2, 2), kept: asOthers(holders(3, 3)), holds: [] })).toEqual(["sbtc"]);
  });

  it("says nothing about a token that nobody lost in this tick", () => {
    expect(findClaims({ answers: holders(5, 0), kept: holders(10, 10), holds: [] })).toEqual([]);
  });

  it("takes one more zero of a token that is held for part of the same claim", () => {
    const answers = [answer("late", ["sbtc", "stx"], ["sbtc", "stx"])];
    expect(findClaims({ answers, kept: [], holds: [heldFall()] })).toEqual(["sbtc"]);
  });

  it("never claims a token of which fewer than five fell, and never claims anything of who did not fall", () => {
    fc.assert(
      fc.property(
        fc.array(anyAnswer(), { maxLength: 40 }),
        fc.array(anyAnswer(), { maxLength: 40 }),
        (answers, kept) => {
          for (const tokenId of findClaims({ answers, kept, holds: [] })) {
            const asked = new Set(answers.map(({ agent }) => agent));
            const all = [...answers, ...kept.filter(({ agent }) => !asked.has(agent))];
            const fallen = all.filter(({ fell }) => fell.includes(tokenId)).length;
            const held = all.filter((one) => one.held.includes(tokenId)).length;
            expect(fallen).toBeGreaterThanOrEqual(5);
            expect(fallen / held).toBeGreaterThan(0.3);
            expect(answers.some(({ fell }) => fell.includes(tokenId))).toBe(true);
          }
        },
      ),
    );
  });
});

describe("drawWitnesses", () => {
  it("asks about nobody when nothing is claimed", () => {
    expect(drawWitnesses([lane(holders(100, 30))], Math.random)).toEqual([]);
  });

  it("asks about each of a claim that few make", () => {
    const three = lane([], { ...heldFall(), pairs: heldFall().pairs.slice(0, 3) });
    expect(agentsOf(drawWitnesses([three], Math.random)).sort()).toEqual(names(3));
  });

  it("draws at random, so that nobody knows who is asked", () => {
    const falls = [lane(holders(100, 50))];
    const draws = Array.from({ length: 100 }, () => agentsOf(drawWitnesses(falls, Math.random)));
    expect(new Set(draws.flat()).size).toBeGreaterThan(40);
    expect(agentsOf(drawWitnesses(falls, () => 0)).length).toBe(MAX_WITNESSES);
  });

  it("asks about every claim in turn, the new ones first, so that none uses up another's witnesses", () => {
    const stx = lane(holders(20, 20), heldFall(31, 100, "stx"));
    const bitcoin: LaneFalls = { ...lane(holders(20, 20, "btc-l1")), lane: "bitcoin" };
    const drawn = drawWitnesses([stx, bitcoin], Math.random);
    expect(drawn.map(({ tokenId }) => tokenId)).toEqual(["sbtc", "btc-l1", "stx", "sbtc", "btc-l1"]);
    expect(drawn.map(({ lane: name }) => name)).toEqual(["stacks", "bitcoin", "stacks", "stacks", "bitcoin"]);
  });

  it("asks the address that was asked last", () => {
    const moved = { ...answer("agent 0", ["sbtc"], ["sbtc"]), asked: "elsewhere" };
    const hold = { ...heldFall(), pairs: heldFall().pairs.slice(0, 1) };
    expect(drawWitnesses([lane([moved], hold)], Math.random)).toEqual([
      { lane: "stacks", agent: "agent 0", asked: "elsewhere", tokenId: "sbtc" },
    ]);
  });

  it("never asks more than five times, nor twice about one pair, whatever falls on both lanes", () => {
    const some = fc.array(anyAnswer(), { maxLength: 60, size: "max" });
    fc.assert(
      fc.property(
        some,
        some,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (stacks, bitcoin, random) => {
          const drawn = drawWitnesses([lane(stacks), { ...lane(bitcoin), lane: "bitcoin" }], () => random);
          expect(drawn.length).toBeLessThanOrEqual(MAX_WITNESSES);
          expect(new Set(drawn.map((pair) => JSON.stringify(pair))).size).toBe(drawn.length);
          for (const pair of drawn) {
            const answers = pair.lane === "stacks" ? stacks : bitcoin;
            expect(answers.some(({ agent, fell }) => agent === pair.agent && fell.includes(pair.tokenId))).toBe(true);
          }
        },
      ),
    );
  });
});

function lane(answers: HolderAnswer[], ...holds: LaneFalls["holds"]): LaneFalls {
  return { lane: "stacks", answers, kept: [], holds };
}

function agentsOf(pairs: readonly { agent: string }[]): string[] {
  return pairs.map(({ agent }) => agent);
}

/** The same answers of agents that are not asked in this tick. */
function asOthers(answers: readonly HolderAnswer[]): HolderAnswer[] {
  return answers.map((one) => ({ ...one, agent: `another ${one.agent}` }));
}

function anyAnswer(): fc.Arbitrary<HolderAnswer> {
  return fc
    .record({
      agent: fc.nat(50),
      held: fc.subarray(TOKENS),
      isFallen: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    })
    .map(({ agent, held, isFallen }) =>
      answer(
        `agent ${agent}`,
        held,
        held.filter((_, index) => isFallen[index]),
      ),
    );
}
