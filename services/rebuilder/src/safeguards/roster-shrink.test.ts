import { c32address } from "c32check";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  describeRosterHold,
  judgeRoster,
  NEW_ROSTER,
  type RosterHold,
  type RosterInput,
  type RosterMemory,
  type RosterVerdict,
} from "./roster-shrink.ts";

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

describe("a roster", () => {
  it("is applied while it has four fifths of the largest of a day", () => {
    const memory = accepted(430);
    expect(judged({ text: roster(344), memory }).agents?.length).toBe(344);
    const small = judged({ text: roster(343), memory });
    expect(small.agents).toBeUndefined();
    expect(small.hold).toEqual({
      id: "roster-12345678",
      kind: "roster",
      size: 343,
      reference: 430,
      since: NOW,
      seen: NOW,
    });
    expect(small.memory).toMatchObject({
      source: "kept",
      accepted: 430,
      problem: describeRosterHold(small.hold as RosterHold),
    });
  });

  it.each([
    ["absent", null, "the key cache:agent-list is absent"],
    ["no JSON", "{", "the roster is not JSON"],
    ["without a list", "{}", "the roster has no list of agents"],
    ["empty", roster(0), "the roster lists no valid agent"],
  ])("that is %s leaves the last one, says why, and holds nothing", (_name, text, problem) => {
    const { agents, hold, memory } = judged({ text, memory: accepted(430), listed: 430 });
    expect(agents).toBeUndefined();
    expect(hold).toBeUndefined();
    expect(memory).toMatchObject({ source: "kept", readAt: NOW, acceptedAt: NOW - 60_000, problem });
    expect(judged({ text, listed: 0 }).memory.source).toBe("none");
  });

  it("is judged by the current one when none was accepted for a day", () => {
    const memory = accepted(430, 24 * HOUR_MS);
    expect(judged({ text: roster(79), memory, listed: 100 }).hold?.reference).toBe(100);
    expect(judged({ text: roster(80), memory, listed: 100 }).agents?.length).toBe(80);
    expect(judged({ text: roster(1), listed: 0 }).agents?.length).toBe(1);
  });

  it("cannot dwindle by losing a little at every read (M5)", () => {
    let memory = accepted(430);
    let size = 430;
    for (let read = 1; read <= 12 * 6; read++) {
      const verdict = judged({
        text: roster(Math.floor(size * 0.9)),
        memory,
        listed: size,
        nowMs: NOW + read * 600_000,
      });
      size = verdict.agents?.length ?? size;
      memory = verdict.memory;
    }
    expect(size).toBeGreaterThanOrEqual(344);
  });

  it("is measured by every hour of the day, and its memory of sizes stays small", () => {
    let memory = NEW_ROSTER;
    for (let read = 0; read < 48 * 6; read++) {
      const nowMs = NOW + read * 600_000;
      ({ memory } = judged({ text: roster(read === 24 * 6 + 10 ? 120 : 100), memory, listed: 100, nowMs }));
    }
    expect(memory.sizes.length).toBeLessThanOrEqual(25);
    expect(judged({ text: roster(95), memory, nowMs: NOW + 48 * HOUR_MS }).hold?.reference).toBe(120);
  });

  it("says how many entries it could not take, with a few examples", () => {
    const text = JSON.stringify({ agents: Array.from({ length: 30 }, () => ({ stxAddress: "x" })) });
    const { memory } = judged({ text });
    expect(memory.rejected).toEqual({ "missing-field": 30 });
    expect(memory.rejectedExamples.length).toBe(10);
  });
});

describe("a roster that is held", () => {
  const hold = (): RosterHold => judged({ text: roster(300), memory: accepted(430) }).hold as RosterHold;

  it("ends when a later one is large enough, and stays one hold until then", () => {
    const memory = accepted(430);
    expect(judged({ text: roster(400), memory, hold: hold() })).toMatchObject({
      hold: undefined,
      agents: { length: 400 },
    });
    const later = judged({ text: roster(301), memory, hold: hold(), nowMs: NOW + 5, newId: () => "another" });
    expect(later.hold).toEqual({ ...hold(), size: 301, seen: NOW + 5 });
    expect(judged({ text: null, memory, hold: hold() }).hold).toEqual(hold());
  });

  it("is applied when an operator accepts it, though somebody joined in between, and is the reference from then on (M6)", () => {
    const verdict = judged({ text: roster(302), memory: accepted(430), hold: hold(), isAccepted: true });
    expect(verdict).toMatchObject({
      hold: undefined,
      agents: { length: 302 },
      memory: { problem: null, source: "kv" },
    });
    expect(judged({ text: roster(242), memory: verdict.memory }).agents?.length).toBe(242);
    expect(judged({ text: roster(241), memory: verdict.memory }).hold?.reference).toBe(302);
  });

  it("is accepted at its size alone: one that shrank further since is another claim, with an id of its own", () => {
    const unseen = judged({ text: roster(2), memory: accepted(430), hold: hold(), newId: () => "another1-" });
    expect(unseen.hold).toMatchObject({ id: "roster-another1", size: 2, since: NOW });
    const late = { text: roster(2), memory: accepted(430), hold: hold(), isAccepted: true, newId: () => "another1-" };
    const verdict = judged(late);
    expect(verdict.agents).toBeUndefined();
    expect(verdict.hold?.id).toBe("roster-another1");
  });
});

describe("whatever the key holds", () => {
  it("never lets a roster through that has less than four fifths of what was known, nor an empty one", () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.nat(60).map(roster), fc.constant(null));
    fc.assert(
      fc.property(text, fc.nat(60), fc.nat(60), fc.nat(30 * HOUR_MS), (held, known, listed, ago) => {
        const memory = known > 0 ? accepted(known, ago) : NEW_ROSTER;
        const { agents, hold, memory: next } = judged({ text: held, memory, listed });
        expect(next.readAt).toBe(NOW);
        expect(agents === undefined).toBe(next.problem !== null);
        if (!agents) return;
        expect(hold).toBeUndefined();
        const reference = known > 0 && ago < 24 * HOUR_MS ? known : listed;
        expect(agents.length).toBeGreaterThanOrEqual(Math.max(1, reference * 0.8));
      }),
    );
  });
});

function judged(changes: Partial<RosterInput> = {}): RosterVerdict {
  return judgeRoster({
    text: roster(1),
    memory: NEW_ROSTER,
    hold: undefined,
    isAccepted: false,
    listed: 430,
    nowMs: NOW,
    newId: () => "12345678-9",
    ...changes,
  });
}

function accepted(size: number, agoMs = 60_000): RosterMemory {
  const at = NOW - agoMs;
  return { ...NEW_ROSTER, source: "kv", readAt: at, acceptedAt: at, accepted: size, sizes: [{ at, size }] };
}

function roster(size: number): string {
  const agents = Array.from({ length: size }, (_, index) => ({
    stxAddress: toAddress(index),
    btcAddress: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    level: 1,
    levelName: "Verified Agent",
  }));
  return JSON.stringify({ agents });
}

const addresses: string[] = [];

function toAddress(index: number): string {
  addresses[index] ??= c32address(22, (index + 1).toString(16).padStart(40, "0"));
  return addresses[index];
}
