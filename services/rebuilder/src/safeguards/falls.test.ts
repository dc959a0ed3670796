import { describe, expect, it } from "vitest";
import {
  type FallHold,
  type FallInput,
  type HolderAnswer,
  judgeFalls,
  keepAnswers,
  MAX_FALL_HOLD_MS,
} from "./falls.ts";

const HOUR_MS = 3_600_000;
const FALLEN = ["SP1", "SP2", "SP3", "SP4", "SP5"];

describe("a fall that stands and that no other route speaks of", () => {
  it("is believed with the third rotation, over an hour, while others are given amounts", () => {
    expect(judge({ rotations: 2, heldMs: 2 * HOUR_MS }).holds).toEqual([]);
  });

  it.each([
    ["it is the second rotation only", { rotations: 1, heldMs: 2 * HOUR_MS }],
    ["it has not lasted for an hour", { rotations: 2, heldMs: HOUR_MS - 1 }],
    ["nobody is given an amount", { rotations: 2, heldMs: 2 * HOUR_MS, giver: false }],
  ])("is held back on while %s", (_, what) => {
    expect(judge(what).holds[0]?.pairs.map(({ agent }) => agent)).toEqual(FALLEN);
  });

  it("is believed after six hours, whatever anyone holds", () => {
    expect(judge({ rotations: 1, heldMs: MAX_FALL_HOLD_MS, giver: false }).holds).toEqual([]);
  });
});

describe("a small roster that loses a token at once", () => {
  it("is not believed, however often the same agents were well before", () => {
    const agents = Array.from({ length: 12 }, (_, index) => `SP${index}`);
    const answers = (fell: string[]): HolderAnswer[] =>
      agents.map((agent) => ({ agent, asked: agent, held: ["sbtc"], fell }));
    const kept = Array.from({ length: 20 }).reduce<ReturnType<typeof keepAnswers>>(
      (before) => keepAnswers(before, answers([])),
      [],
    );
    const verdict = judgeFalls({ ...createInput(), answers: answers(["sbtc"]), kept, holds: [] });
    expect(verdict.kept.map(({ agent }) => agent)).toEqual(agents);
  });
});

/** Five agents are zero once more; `rotations` before this one. */
function judge({ rotations, heldMs, giver = true }: { rotations: number; heldMs: number; giver?: boolean }) {
  const nowMs = 1_800_000_000_000;
  const pairs = FALLEN.map((agent) => ({ agent, asked: agent, since: nowMs - heldMs, rotations, rotation: 7 }));
  const hold: FallHold = { id: "fall-1", kind: "fall", lane: "stacks", tokenId: "sbtc", pairs, since: 0, seen: 0 };
  const fallen = FALLEN.map((agent) => ({ agent, asked: agent, held: ["sbtc"], fell: ["sbtc"] }));
  const answers = [...fallen, ...(giver ? [{ agent: "SP9", asked: "SP9", held: ["stx"], fell: [] }] : [])];
  return judgeFalls({ ...createInput(), answers, holds: [hold], nowMs });
}

function createInput(): FallInput {
  return {
    lane: "stacks",
    answers: [],
    kept: [],
    holds: [],
    testimony: new Map(),
    acceptedIds: [],
    rotation: 8,
    nowMs: 1_800_000_000_000,
    newId: () => "new",
  };
}
