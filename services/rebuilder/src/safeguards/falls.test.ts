import { serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import { amounts, answer, heldFall, holders, judged, NOW, names, zeros } from "../../test/falls.ts";
import { describeFallHold, type FallInput, KEPT_ANSWERS, keepAnswers, MAX_HELD_PAIRS, toHeldSince } from "./falls.ts";

const HOUR_MS = 3_600_000;

describe("a fall of many holders that nobody confirms", () => {
  it("is held for just those pairs, when an upstream loses a token (H1)", () => {
    const answers = [...holders(30, 30), ...names(70, 30).map((agent) => answer(agent, ["stx"]))];
    const { holds, kept, released } = judged({ answers });
    expect(kept).toEqual(names(30).map((agent) => ({ lane: "stacks", agent, asked: agent, tokenId: "sbtc" })));
    expect(released).toEqual([]);
    expect(holds).toEqual([
      {
        id: "fall-sbtc-12345678",
        kind: "fall",
        lane: "stacks",
        tokenId: "sbtc",
        since: NOW,
        seen: NOW,
        pairs: names(30).map((agent) => ({ agent, asked: agent, since: NOW, rotations: 1, rotation: 1 })),
      },
    ]);
  });

  it("is judged by itself: zeros of sBTC change nothing about a hold on STX, nor the reverse (H2)", () => {
    const stx = heldFall(40, 100, "stx");
    const five = names(5, 200).map((agent) => answer(agent, ["sbtc"], ["sbtc"]));
    const { holds, kept } = judged({ holds: [stx], answers: five });
    expect(holds.map(({ tokenId, pairs }) => [tokenId, pairs.length])).toEqual([
      ["sbtc", 5],
      ["stx", 40],
    ]);
    expect(kept.map(({ agent, tokenId }) => [agent, tokenId])).toEqual(names(5, 200).map((agent) => [agent, "sbtc"]));
  });

  it("holds nobody else's, however many wallets are emptied each rotation (H4)", () => {
    const others = names(90, 10).map((agent) => answer(agent, ["stx", "sbtc"]));
    const { holds, kept } = judged({ answers: [...holders(10, 10, "stx"), ...others] });
    expect(holds).toEqual([]);
    expect(kept).toEqual([]);
    const few = judged({ answers: [...holders(10, 10, "stx"), ...others.slice(0, 20)] });
    expect(few.kept.map(({ agent }) => agent)).toEqual(names(10));
  });

  it("keeps growing as one hold, with each pair's own beginning", () => {
    const hold = heldFall();
    const late = answer("late", ["sbtc"], ["sbtc"]);
    const [next] = judged({ holds: [hold], answers: [late], nowMs: NOW + 60_000 }).holds;
    expect(next).toMatchObject({ id: hold.id, since: NOW, seen: NOW + 60_000 });
    expect(next?.pairs.at(-1)).toMatchObject({ agent: "late", since: NOW + 60_000, rotations: 1 });
    expect(next?.pairs.length).toBe(32);
  });

  it("holds every pair of a fall past what it can remember, and fits into what the object can store", () => {
    const many = MAX_HELD_PAIRS + 200;
    const long = (agent: string) => ({ agent: agent.padEnd(41, "A"), asked: agent.padEnd(62, "b") });
    const fallen = names(many).map((agent) => ({ ...answer(agent, ["stx"], ["stx"]), ...long(agent) }));
    const { holds, kept, released } = judged({ answers: fallen });
    expect(kept.length).toBe(many);
    expect(holds[0]?.pairs.length).toBe(MAX_HELD_PAIRS);
    const again = judged({ holds, answers: fallen, nowMs: NOW + 60_000 });
    expect([again.kept.length, again.released.length, released.length]).toEqual([many, 0, 0]);
    expect(3 * serialize(holds).byteLength).toBeLessThan(1_800_000); // of 2 MB, for all three counted tokens
  });
});

describe("a fall that is held", () => {
  it("ends for a pair that answers with a balance, and for that pair alone", () => {
    const { holds, released } = judged({ holds: [heldFall()], answers: [answer("agent 3", ["stx", "sbtc"])] });
    expect(holds[0]?.pairs.length).toBe(30);
    expect(toHeldSince(holds, "agent 3")).toBeNull();
    expect(released).toEqual([]); // the answer itself says what it has
  });

  it("ends for all when every witness says zero and three speak, and for two pairs when both are heard", () => {
    expect(judged({ holds: [heldFall()], testimony: zeros(names(3)) }).released.length).toBe(31);
    expect(judged({ holds: [heldFall()], testimony: zeros(names(2)) }).released.map(({ agent }) => agent)).toEqual(
      names(2),
    );
    const two = { ...heldFall(), pairs: heldFall().pairs.slice(0, 2) };
    expect(judged({ holds: [two], testimony: zeros(names(2)) })).toMatchObject({ holds: [], released: [{}, {}] });
  });

  it("stays for all others when one witness says that there is a balance", () => {
    const testimony = new Map([...zeros(names(4)), ...amounts(["agent 4"])]);
    const { holds, released } = judged({ holds: [heldFall()], testimony });
    expect(released.map(({ agent }) => agent)).toEqual(names(4));
    expect(holds[0]?.pairs.length).toBe(27);
  });

  it("is believed within the tick when it is confirmed at once: 35 % of the holders, all, or the last five (H3)", () => {
    for (const [n, fallen] of [
      [100, 35],
      [100, 100],
      [5, 5],
    ] as const) {
      const verdict = judged({ answers: holders(n, fallen), testimony: zeros(names(5)) });
      expect(verdict).toEqual({ holds: [], kept: [], released: [] });
    }
  });

  it("ends without another route after three rotations and an hour, while the lane gives others any counted token", () => {
    const after = (rotations: number, ms: number, changes: Partial<FallInput> = {}) => {
      const pairs = heldFall().pairs.map((pair) => ({ ...pair, rotations }));
      const answers = [answer("other", ["stx"])];
      return judged({ holds: [{ ...heldFall(), pairs }], answers, nowMs: NOW + ms, ...changes }).released.length;
    };
    expect(after(3, HOUR_MS)).toBe(31);
    expect(after(2, HOUR_MS)).toBe(0);
    expect(after(3, HOUR_MS - 1)).toBe(0);
    expect(after(3, HOUR_MS, { answers: [] })).toBe(0);
    expect(after(3, HOUR_MS, { answers: [answer("other", ["stx"], ["stx"])] })).toBe(0);
  });

  it("counts a rotation once, and begins anew for another address", () => {
    const ask = (holds = [heldFall()], rotation = 1) => judged({ holds, rotation, answers: holders(1, 1) });
    expect(ask().holds[0]?.pairs[0]?.rotations).toBe(1);
    expect(ask([heldFall()], 2).holds[0]?.pairs[0]).toMatchObject({ rotations: 2, rotation: 2 });
    const moved = { ...answer("agent 0", ["sbtc"], ["sbtc"]), asked: "elsewhere" };
    const [hold] = judged({ holds: [heldFall()], rotation: 2, answers: [moved], nowMs: NOW + 5 }).holds;
    expect(hold?.pairs[0]).toEqual({ agent: "agent 0", asked: "elsewhere", since: NOW + 5, rotations: 1, rotation: 2 });
  });

  it("does not end by repetition while another route says that the balances are there", () => {
    let holds = [heldFall()];
    for (let rotation = 2; rotation < 20; rotation++) {
      const [nowMs, answers] = [NOW + rotation * 600_000, [...holders(31, 31), answer("other", ["stx"])]];
      const testimony = amounts(["agent 7"]);
      const verdict = judged({ holds, rotation, nowMs, answers, testimony });
      expect(verdict.kept.length).toBe(31);
      holds = verdict.holds;
    }
    const silent = { holds, rotation: 20, nowMs: NOW + 4 * HOUR_MS, answers: holders(31, 31) };
    expect(judged(silent).kept.length).toBe(31); // three rotations since it was contradicted, from now on
  });

  it("ends after six hours whatever anyone holds or says", () => {
    const at = (ms: number) => {
      return judged({ holds: [heldFall()], nowMs: NOW + ms, testimony: amounts(names(5)) }).released.length;
    };
    expect([at(6 * HOUR_MS - 1), at(6 * HOUR_MS)]).toEqual([0, 31]);
  });

  it("ends after six hours of a clock that was set back", () => {
    const { holds } = judged({ holds: [heldFall()], nowMs: NOW - 100 * HOUR_MS });
    expect(judged({ holds, nowMs: NOW - 94 * HOUR_MS }).released.length).toBe(31);
  });

  it("ends when an operator accepts it, and another's acceptance says nothing", () => {
    const hold = heldFall();
    const answers = holders(1, 1);
    expect(judged({ holds: [hold], acceptedIds: [hold.id], answers })).toMatchObject({ holds: [], kept: [] });
    expect(judged({ holds: [hold], acceptedIds: [hold.id], answers }).released.length).toBe(30);
    expect(judged({ holds: [hold], acceptedIds: ["fall-stx-1"], answers }).holds[0]?.pairs.length).toBe(31);
  });

  it("ends when nobody is left in it", () => {
    expect(judged({ holds: [{ ...heldFall(), pairs: [] }] }).holds).toEqual([]);
  });
});

describe("what is remembered of a lane's answers", () => {
  const later = names(60, 60).map((agent) => answer(agent, ["sbtc"]));

  it("is the last hundred of holders", () => {
    const first = keepAnswers([], [...holders(60, 5), answer("nobody", [])]);
    expect(first.length).toBe(60);
    const next = keepAnswers(first, later);
    expect(next.length).toBe(KEPT_ANSWERS);
    expect(next.filter(({ fell }) => fell.length > 0)).toEqual([]);
  });

  it("is one answer an agent: where few are listed, the earlier ones do not outvote what they say now", () => {
    let kept = keepAnswers([], later);
    for (let rotation = 0; rotation < 20; rotation++) kept = keepAnswers(kept, holders(12, 0));
    expect(kept.length).toBe(72);
    const alone = keepAnswers([], holders(12, 0));
    expect(judged({ answers: holders(12, 12), kept: alone }).kept.map(({ agent }) => agent)).toEqual(names(12));
  });
});

describe("a hold in words", () => {
  it("says how many fell to zero of what", () => {
    expect(describeFallHold(heldFall())).toBe("31 agents fell to zero sbtc together; their last amounts stay");
    const one = { ...heldFall(), pairs: heldFall().pairs.slice(0, 1) };
    expect(describeFallHold(one)).toContain("1 agent fell");
  });

  it("says since when an agent's oldest holding is kept", () => {
    const older = { ...heldFall(31, 100, "stx"), pairs: heldFall().pairs.map((pair) => ({ ...pair, since: NOW - 5 })) };
    expect(toHeldSince([heldFall(), older], "agent 0")).toBe(NOW - 5);
    expect(toHeldSince([heldFall(), older], "nobody")).toBeNull();
  });
});
