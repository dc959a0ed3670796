import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANE_HEALTHS } from "../contract/freshness.ts";
import {
  afterBad,
  afterGood,
  BAD_ANSWERS_TO_REST,
  beginTurn,
  type LaneMemory,
  MAX_SUSPECTS,
  NEW_LANE,
  PROBES_PER_TICK,
  rest,
  TRANSITIONS,
} from "./lane-health.ts";

const NOW = 1_800_000_000_000;
const REST_MS = 600_000;

describe("a lane's health", () => {
  it("has a next one for every event, and none that nothing leads out of", () => {
    for (const health of LANE_HEALTHS) {
      const next = TRANSITIONS[health];
      expect(Object.keys(next).sort()).toEqual(["bad", "good", "rested", "worn"]);
      expect(Object.values(next).every((one) => LANE_HEALTHS.includes(one))).toBe(true);
    }
    expect(TRANSITIONS.resting.rested).toBe("probing");
    expect(TRANSITIONS.probing.good).toBe("well");
  });

  it("rests after ten bad answers in a row, whoever gave them, and not after nine", () => {
    const nine = bad(NEW_LANE, BAD_ANSWERS_TO_REST - 1);
    expect(nine.health).toBe("well");
    const ten = afterBad(nine, "agent 9", "http-error 404", REST_MS, NOW);
    expect(ten).toMatchObject({ health: "resting", since: NOW, until: NOW + REST_MS, why: "http-error 404" });
    expect(bad(afterGood(nine, "other", NOW), BAD_ANSWERS_TO_REST - 1).health).toBe("well");
  });

  it("counts the bad answers of several ticks together", () => {
    let lane = NEW_LANE;
    for (let tick = 0; tick < BAD_ANSWERS_TO_REST; tick++) lane = bad(beginTurn(lane, NOW + tick), 1, tick);
    expect(lane.health).toBe("resting");
  });

  it("ends a rest by time alone, and then probes", () => {
    const resting = bad(NEW_LANE, BAD_ANSWERS_TO_REST);
    expect(beginTurn(resting, NOW + REST_MS - 1).health).toBe("resting");
    expect(beginTurn(resting, NOW + REST_MS)).toMatchObject({ health: "probing", since: NOW + REST_MS, until: null });
  });

  it("ends a rest that a clock which was set back would stretch", () => {
    const resting = bad(NEW_LANE, BAD_ANSWERS_TO_REST);
    expect(beginTurn(resting, NOW - 86_400_000).health).toBe("probing");
  });

  it("is not ended by an answer that was under way when the rest began", () => {
    const resting = bad(NEW_LANE, BAD_ANSWERS_TO_REST);
    expect(afterGood(resting, "late", NOW + 1)).toMatchObject({
      health: "resting",
      until: NOW + REST_MS,
      goodAt: NOW + 1,
      why: "timeout",
      streak: resting.streak,
    });
  });

  it("is well with the first probe that is answered, and knows no cause any more", () => {
    const probing = beginTurn(bad(NEW_LANE, BAD_ANSWERS_TO_REST), NOW + REST_MS);
    const failed = afterBad(probing, "agent 0", "network", REST_MS, NOW + REST_MS);
    expect(failed).toMatchObject({ health: "probing", why: "network", streak: probing.streak });
    expect(afterGood(failed, "other", NOW + REST_MS)).toMatchObject({ health: "well", why: null, streak: [] });
  });

  it("rests again, for as long, when a tick's probes brought nothing", () => {
    const probing = beginTurn(bad(NEW_LANE, BAD_ANSWERS_TO_REST), NOW + REST_MS);
    const again = rest(probing, "network", REST_MS, NOW + REST_MS + 5);
    expect(again).toMatchObject({ health: "resting", since: NOW + REST_MS + 5, until: NOW + 2 * REST_MS + 5 });
  });
});

describe("agents that fail by themselves", () => {
  it("are told from the host when a probe elsewhere is answered, and from then on rest no lane", () => {
    const probing = beginTurn(bad(NEW_LANE, BAD_ANSWERS_TO_REST), NOW + REST_MS);
    const well = afterGood(probing, "elsewhere", NOW + REST_MS);
    expect(well.suspects).toEqual(names(BAD_ANSWERS_TO_REST));
    expect(bad(well, BAD_ANSWERS_TO_REST)).toBe(well);
  });

  it("are not told from it by an answer of one of them: the host was it then", () => {
    const probing = beginTurn(bad(NEW_LANE, BAD_ANSWERS_TO_REST), NOW + REST_MS);
    expect(afterGood(probing, "agent 3", NOW + REST_MS).suspects).toEqual([]);
  });

  it("are not told from it while no probe was needed, nor by an answer that was under way when the rest began", () => {
    expect(afterGood(bad(NEW_LANE, 3), "elsewhere", NOW).suspects).toEqual([]);
    expect(afterGood(bad(NEW_LANE, BAD_ANSWERS_TO_REST), "late", NOW).suspects).toEqual([]);
  });

  it("are remembered up to a bound, the latest", () => {
    const probing: LaneMemory = { ...NEW_LANE, health: "probing", suspects: names(MAX_SUSPECTS), streak: ["late"] };
    const { suspects } = afterGood(probing, "elsewhere", NOW);
    expect(suspects.length).toBe(MAX_SUSPECTS);
    expect([suspects[0], suspects.at(-1)]).toEqual(["agent 1", "late"]);
  });

  it("are none any more with their first answer", () => {
    const lane: LaneMemory = { ...NEW_LANE, suspects: names(3) };
    expect(afterGood(lane, "agent 1", NOW).suspects).toEqual(["agent 0", "agent 2"]);
  });

  it("do not hide that the host fails: everybody else's answers rest the lane", () => {
    const lane: LaneMemory = { ...NEW_LANE, suspects: names(90) };
    expect(bad(lane, 100).health).toBe("resting");
  });

  it("cannot rest the lane for ever by being ten neighbours, when probes elsewhere are answered", () => {
    const random = toRandom(7);
    const isPoison = (agent: number) => agent >= 40 && agent < 40 + BAD_ANSWERS_TO_REST;
    const rotations = [rotate(NEW_LANE, isPoison, random)];
    for (let more = 0; more < 3; more++) rotations.push(rotate(rotations.at(-1)?.lane ?? NEW_LANE, isPoison, random));
    expect(rotations.map(({ rests }) => rests)).toEqual([expect.any(Number), 0, 0, 0]);
    expect(rotations[0]?.rests).toBeLessThanOrEqual(3);
  });

  it("cannot do so by being fifty, in rows of ten", () => {
    const isPoison = (agent: number) => agent % 20 < BAD_ANSWERS_TO_REST;
    const random = toRandom(11);
    const first = rotate(NEW_LANE, isPoison, random);
    expect(first.rests).toBeLessThanOrEqual(20);
    expect(rotate(first.lane, isPoison, random).rests).toBe(0);
  });
});

type Event = { kind: "good" | "bad"; agent: number } | { kind: "turn"; ms: number } | { kind: "probes-failed" };

describe("whatever happens to a lane", () => {
  it("keeps it in one of its healths, resting with an end, for ten bad answers, and never longer than a rest", () => {
    const answer = fc.record({
      kind: fc.constantFrom("good" as const, "bad" as const, "bad" as const),
      agent: fc.nat(30),
    });
    const turn = fc.record({ kind: fc.constant("turn" as const), ms: fc.constantFrom(1, 120_000, REST_MS, -REST_MS) });
    const event: fc.Arbitrary<Event> = fc.oneof(
      { weight: 8, arbitrary: answer },
      { weight: 2, arbitrary: turn },
      { weight: 1, arbitrary: fc.constant({ kind: "probes-failed" as const }) },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200, size: "max" }), (events) => {
        let lane = NEW_LANE;
        let nowMs = NOW;
        for (const one of events) {
          if (one.kind === "turn") nowMs += one.ms;
          const before = one.kind === "turn" ? lane : beginTurn(lane, nowMs);
          const next = apply(before, one, nowMs);
          expect(next.until === null).toBe(next.health !== "resting");
          expect(next.streak.length).toBeLessThanOrEqual(BAD_ANSWERS_TO_REST);
          expect(next.suspects.length).toBeLessThanOrEqual(MAX_SUSPECTS);
          if (next.health === "well") expect(next.streak.length).toBeLessThan(BAD_ANSWERS_TO_REST);
          if (before.health === "well" && next.health === "resting")
            expect(next.streak.length).toBe(BAD_ANSWERS_TO_REST);
          if (next.until !== null) expect(next.until).toBeLessThanOrEqual(nowMs + REST_MS);
          expect(beginTurn(next, nowMs + REST_MS).health).not.toBe("resting");
          lane = next;
        }
      }),
    );
  });
});

function apply(lane: LaneMemory, event: Event, nowMs: number): LaneMemory {
  switch (event.kind) {
    case "good":
      return afterGood(lane, `agent ${event.agent}`, nowMs);
    case "bad":
      return afterBad(lane, `agent ${event.agent}`, "timeout", REST_MS, nowMs);
    case "turn":
      return beginTurn(lane, nowMs);
    case "probes-failed":
      return lane.health === "probing" ? rest(lane, "timeout", REST_MS, nowMs) : lane;
  }
}

/** A rotation over a hundred agents as a tick asks them: one after the other, by probes while the lane probes. */
function rotate(start: LaneMemory, isPoison: (agent: number) => boolean, random: () => number) {
  let lane = start;
  let [nowMs, cursor, rests] = [NOW, 0, 0];
  const ask = (agent: number) => {
    lane = isPoison(agent)
      ? afterBad(lane, `agent ${agent}`, "timeout", REST_MS, nowMs)
      : afterGood(lane, `agent ${agent}`, nowMs);
  };
  for (let turn = 0; turn < 1_000 && cursor < 100; turn++) {
    lane = beginTurn(lane, nowMs);
    const elsewhere = Array.from({ length: PROBES_PER_TICK - 1 }, () => Math.floor(random() * 100));
    for (const agent of [cursor, ...elsewhere]) if (lane.health === "probing") ask(agent);
    if (lane.health === "probing") lane = rest(lane, "timeout", REST_MS, nowMs);
    let next = cursor;
    while (lane.health === "well" && next < 100) ask(next++);
    // The ten that began the rest are asked again.
    cursor = lane.health === "well" ? next : Math.max(cursor, next - BAD_ANSWERS_TO_REST);
    if (lane.health === "resting") {
      rests++;
      nowMs = lane.until ?? nowMs;
    }
  }
  expect(cursor).toBe(100);
  return { lane, rests };
}

function bad(lane: LaneMemory, answers: number, from = 0): LaneMemory {
  let next = lane;
  for (let agent = from; agent < from + answers; agent++) {
    next = afterBad(next, `agent ${agent}`, "timeout", REST_MS, NOW);
  }
  return next;
}

function names(n: number): string[] {
  return Array.from({ length: n }, (_, agent) => `agent ${agent}`);
}

/** The same numbers for the same seed. */
function toRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
