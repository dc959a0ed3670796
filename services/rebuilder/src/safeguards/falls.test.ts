import { describe, expect, it } from "vitest";
import { type FallHold, type FallInput, judgeFalls, MAX_FALL_HOLD_MS } from "./falls.ts";

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

/** Five agents are zero once more; `rotations` before this one. */
function judge({ rotations, heldMs, giver = true }: { rotations: number; heldMs: number; giver?: boolean }) {
  const nowMs = 1_800_000_000_000;
  const pairs = FALLEN.map((agent) => ({ agent, asked: agent, since: nowMs - heldMs, rotations, rotation: 7 }));
  const hold: FallHold = { id: "fall-1", kind: "fall", lane: "stacks", tokenId: "sbtc", pairs, since: 0, seen: 0 };
  const fallen = FALLEN.map((agent) => ({ agent, asked: agent, held: ["sbtc"], fell: ["sbtc"] }));
  const input: FallInput = {
    lane: "stacks",
    answers: [...fallen, ...(giver ? [{ agent: "SP9", asked: "SP9", held: ["stx"], fell: [] }] : [])],
    kept: [],
    holds: [hold],
    testimony: new Map(),
    acceptedIds: [],
    rotation: 8,
    nowMs,
    newId: () => "new",
  };
  return judgeFalls(input);
}
