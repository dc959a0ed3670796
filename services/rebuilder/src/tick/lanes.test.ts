import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NEW_LANE } from "../safeguards/lane-health.ts";
import {
  advance,
  beginRotation,
  endIfReset,
  highestRotation,
  NEW_LANE_PLACE,
  parsePlace,
  toUnknownPlace,
  waitsForOther,
} from "./lanes.ts";
import type { LanePlace, Place } from "./memory.ts";

const NOW = 1_800_000_000_000;
const OPEN: LanePlace = { rotation: 7, isOpen: true, cursor: "SP2", processed: 40, total: 430, startedAt: NOW };
const DONE: LanePlace = { ...OPEN, isOpen: false, cursor: "" };
const PLACE: Place = { agents: 430, resets: 0, stacks: OPEN, bitcoin: DONE };

describe("a stored place", () => {
  it("is read as it was written", () => expect(parsePlace(JSON.stringify(PLACE))).toEqual(PLACE));

  it("is none, and no error, when an older release wrote the row or it cannot be read", () => {
    const text = fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.json(),
      fc.constant(JSON.stringify({ ...PLACE, stacks: null })),
    );
    fc.assert(fc.property(text, (stored) => parsePlace(stored) === undefined));
  });
});

describe("a rotation", () => {
  it("is numbered above every one that anybody knows, and begins at the start", () => {
    expect(beginRotation(DONE, 12, 431, NOW + 5)).toEqual({
      rotation: 13,
      isOpen: true,
      cursor: "",
      processed: 0,
      total: 431,
      startedAt: NOW + 5,
    });
    expect(beginRotation(DONE, 3, 431, NOW).rotation).toBe(8);
    expect(highestRotation({ ...PLACE, bitcoin: { ...DONE, rotation: 9 } })).toBe(9);
    expect(highestRotation(null)).toBe(0);
  });

  it("begins anew on both lanes above the highest when nobody knows where they stand", () => {
    const { stacks, bitcoin } = toUnknownPlace(41, 430, 2);
    expect(stacks).toEqual({ ...NEW_LANE_PLACE, rotation: 41 });
    expect(beginRotation(bitcoin, 41, 430, NOW).rotation).toBe(42);
  });

  it("is over on both lanes when an operator asked for a reset, once for each", () => {
    const reset = endIfReset(PLACE, 1);
    expect(reset).toMatchObject({ resets: 1, agents: 430, stacks: { isOpen: false, cursor: "" } });
    expect(reset.stacks.rotation).toBe(7);
    expect(endIfReset({ ...PLACE, resets: 1 }, 1).stacks).toEqual(OPEN);
  });
});

describe("advance", () => {
  const asked = [{ stxAddress: "SP3" }, { stxAddress: "SP4" }];

  it("stands after the last agent asked, and where it stood when nobody was", () => {
    expect(advance(OPEN, asked, false)).toEqual({ ...OPEN, cursor: "SP4", processed: 42 });
    expect(advance(OPEN, [], false)).toEqual(OPEN);
  });

  it("ends the rotation with its last agent", () => {
    expect(advance(OPEN, asked, true)).toEqual({ ...OPEN, isOpen: false, cursor: "", processed: 42 });
  });
});

describe("a lane that has ended its rotation", () => {
  const own = { place: DONE, memory: NEW_LANE, isGated: false };
  const other = { place: OPEN, memory: NEW_LANE, isGated: false };
  const waits = (mine = own, theirs = other) =>
    waitsForOther({ stacks: mine, bitcoin: theirs }, "stacks", { agents: 430, chunkSize: 100 });

  it("waits for the other that is well and on its way, whichever it is", () => {
    expect(waits()).toBe(true);
    expect(waitsForOther({ stacks: other, bitcoin: own }, "bitcoin", { agents: 430, chunkSize: 100 })).toBe(true);
  });

  it.each([
    ["the other rests", own, { ...other, memory: { ...NEW_LANE, health: "resting" as const } }],
    ["the other probes", own, { ...other, memory: { ...NEW_LANE, health: "probing" as const } }],
    ["the other's gate is closed", own, { ...other, isGated: true }],
    ["the other has ended its own too", own, own],
    ["it is in a rotation itself", other, other],
    ["it is not well itself", { ...own, memory: { ...NEW_LANE, health: "probing" as const } }, other],
    ["it has waited a rotation", { ...own, memory: { ...NEW_LANE, waited: 4 } }, other],
  ])("does not wait when %s", (_name, mine, theirs) => expect(waits(mine, theirs)).toBe(false));

  it("never waits where a rotation is one tick", () => {
    expect(waitsForOther({ stacks: own, bitcoin: other }, "stacks", { agents: 100, chunkSize: 100 })).toBe(false);
  });
});
