import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOW } from "../../test/falls.ts";
import { REPORT, withAt } from "../../test/stored-state.ts";
import { fromFirstState } from "./first-release.ts";
import { NEW_STATE, toControl, toState } from "./state.ts";

const { lanes: _lanes, ...firstReport } = REPORT;
const FIRST = {
  epoch: 812,
  rotation: { number: 41, processed: 100, total: 430 },
  hosts: {
    hiro: {
      breaker: "open",
      notBefore: NOW + 60_000,
      lastError: "rate-limited",
      quota: { "ratelimit-remaining": "9" },
      deprecationSeen: "299 - soon",
      use: { month: "2026-11", calls: 4_711 },
    },
  },
  hiro: { version: "v3", since: NOW },
  roster: {
    source: "kv",
    acceptedAt: NOW,
    accepted: 430,
    rejected: { "missing-field": 2 },
    rejectedExamples: [],
    sharedBtcAddresses: 1,
    problem: null,
    held: { id: "roster-1", size: 3 },
  },
  quarantines: { sbtc: { since: NOW } },
  counters: {
    ticks: { committed: 812 },
    calls: { hiro: { ok: 1, failed: 2, rateLimited: 3 } },
    agents: 9,
    agentsFailed: 1,
    tickMs: 8,
  },
  ticks: [{ ...firstReport, rotation: 41, cursorBefore: "SP1", cursorAfter: "SP2" }],
};

const read = (stored: unknown) => toState(fromFirstState(stored));

describe("the state of the first release", () => {
  it("is taken over as far as it has a meaning, without a problem", () => {
    const { value, problems } = read(FIRST);
    expect(problems).toEqual([]);
    expect(value).toMatchObject({
      epoch: 812,
      place: { agents: 430, stacks: { rotation: 41, isOpen: false, cursor: "" }, bitcoin: { rotation: 41 } },
      upstreams: {
        hosts: { hiro: { notBefore: NOW + 60_000, lastError: null, use: { month: "2026-11", calls: 4_711 } } },
        hiro: { version: "v3", since: NOW },
      },
      roster: { accepted: 430, readAt: null, rejected: { "missing-field": 2 }, sizes: [] },
      journal: { counters: { agents: 9, ticks: { committed: 812 } } },
    });
    expect(value.journal.ticks).toMatchObject([
      { tickId: "tick-1", lanes: { stacks: { rotation: 41, asked: 86, cursorAfter: "SP2" } } },
    ]);
  });

  it("leaves no gate closed that a breaker or a spent budget closed: a host says itself until when", () => {
    const hosts = { hiro: { ...FIRST.hosts.hiro, lastError: "http-error 503" } };
    expect(read({ ...FIRST, hosts }).value.upstreams.hosts.hiro).toMatchObject({
      notBefore: null,
      use: { calls: 4_711 },
    });
  });

  it("drops what stood in quarantine, and the roster that was held: both are judged anew", () => {
    const { value } = read(FIRST);
    expect(value.holds).toEqual([]);
    expect(value.roster).not.toHaveProperty("held");
  });

  it.each(["counters", "ticks", "hosts", "roster", "rotation", "hiro", "epoch"])("needs no %s", (field) => {
    for (const spoiled of [undefined, null, "spoiled", 5, [], {}]) {
      const { value, problems } = read(withAt(FIRST, [field], spoiled));
      expect(toState(value).problems).toEqual([]);
      expect(problems.every((problem) => problem.startsWith("rebuild."))).toBe(true);
      if (field !== "epoch") expect(value.epoch).toBe(812);
      if (field !== "hosts") expect(value.upstreams.hosts.hiro?.use?.calls).toBe(4_711);
    }
  });

  it("loses a tick of its log alone that cannot be read", () => {
    const { value } = read({ ...FIRST, ticks: [{ tickId: 5 }, ...FIRST.ticks, null] });
    expect(value.journal.ticks.length).toBe(1);
  });

  it("is said to be unreadable when it is none", () => {
    for (const stored of [null, 5, "text", [FIRST]]) {
      expect(read(stored)).toEqual({ value: NEW_STATE, problems: ["rebuild"] });
    }
  });

  it("throws nothing on any JSON, whole or in any field, and gives a state", () => {
    const field = fc.constantFrom(...Object.keys(FIRST));
    fc.assert(
      fc.property(fc.jsonValue(), field, fc.jsonValue(), (whole, name, part) => {
        for (const stored of [whole, { ...FIRST, [name]: part }]) {
          const { value } = read(stored);
          expect(toState(value)).toEqual({ value, problems: [] });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("what operators set in the first release", () => {
  it("is taken over: a pause goes on", () => {
    const paused = { since: NOW, until: null, reason: "an upgrade" };
    expect(toControl({ paused, resets: 2 })).toMatchObject({ value: { paused, resets: 2 }, problems: [] });
  });
});
