import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type FreshnessFacts,
  freshnessFacts,
  LANE_HEALTHS,
  type LaneAges,
  type ReasonCode,
} from "../contract/freshness.ts";
import { type FreshnessInput, judgeFreshness, toCommand, toStaleAfterMs, toUnreachable } from "./freshness.ts";

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ROTATION_MS = 10 * MINUTE_MS;

describe("a board whose rebuilder writes what it knows", () => {
  it.each<[string, Changes, string]>([
    ["fresh answers and prices", {}, "ok"],
    ["a lane silent for a rotation", { goodAgo: ROTATION_MS + 31_000 }, "degraded lane-silent:stacks"],
    ["a lane nearly so", { goodAgo: ROTATION_MS + 30_000 }, "ok"],
    ["a lane that never answered", { goodAgo: null, startedAgo: ROTATION_MS + 31_000 }, "degraded lane-silent:stacks"],
    ["a lane that has yet to answer", { goodAgo: null, startedAgo: ROTATION_MS }, "ok"],
    ["a tenth older than three rotations", { tenthAgo: 30 * MINUTE_MS + 1 }, "degraded lane-aging:stacks"],
    ["a tenth just so old", { tenthAgo: 30 * MINUTE_MS }, "ok"],
    ["half older than 30 minutes", { tenthAgo: HOUR_MS, halfAgo: 30 * MINUTE_MS + 1 }, "stale lane-stale:stacks"],
    ["half just so old", { halfAgo: 30 * MINUTE_MS }, "ok"],
    ["more than a tenth failed", { failed: 44 }, "degraded lane-failing:stacks"],
    ["a tenth failed", { failed: 43 }, "ok"],
    ["a price older than 15 minutes", { priceAgo: 15 * MINUTE_MS + 1 }, "degraded price-old:stx"],
    ["a price just so old", { priceAgo: 15 * MINUTE_MS }, "ok"],
    ["a price of 70 hours ago (C3b)", { priceAgo: 70 * HOUR_MS }, "degraded price-old:stx"],
    ["a hold", { holds: 1 }, "degraded hold:fall-1"],
    ["a pause", { paused: { since: NOW, until: null, reason: null } }, "degraded paused:null"],
    ["a pause that is over", { paused: { since: NOW - 5, until: NOW, reason: null } }, "ok"],
    ["no tick for 30 minutes", { tickAgo: 30 * MINUTE_MS + 1 }, "stale no-tick:null"],
    ["no tick for just so long", { tickAgo: 30 * MINUTE_MS }, "ok"],
    ["no tick ever, for 30 minutes", { tickAgo: null, startedAgo: 30 * MINUTE_MS + 1 }, "stale no-tick:null"],
    ["an old ranking, though ticks commit", { publishedAgo: 2 * HOUR_MS }, "stale no-tick:null"],
    ["nothing published yet", { publishedAgo: null }, "starting not-published:null"],
    ["nobody ranked", { tenthAgo: null, halfAgo: null, ranked: 0, failed: 5 }, "ok"],
    ["an empty roster", { agents: 0, goodAgo: DAY_MS }, "ok"],
  ])("with %s is %s", (_name, changes, told) => {
    const { status, reasons } = judgeFreshness(input(changes));
    expect([status, ...reasons.map(({ code, subject }) => `${code}:${subject}`)].join(" ")).toBe(told);
  });

  it("with nothing from anywhere for 72 hours is stale, lane by lane, whatever is written (C3a)", () => {
    const silent = { goodAgo: 72 * HOUR_MS, tenthAgo: 72 * HOUR_MS, halfAgo: 72 * HOUR_MS, why: "http-error 503" };
    const { status, reasons } = judgeFreshness(input(silent));
    expect(status).toBe("stale");
    expect(reasons.map(({ code }) => code)).toEqual(["lane-stale", "lane-silent"]);
    expect(reasons[0]?.why).toBe("half of the stacks lane is 72 h old (http-error 503)");
  });

  it("whose rebuilder died says so by times alone: first a lane, then the ticks", () => {
    const facts = input({});
    const at = (ms: number) => judgeFreshness({ ...facts, nowMs: NOW + ms }).status;
    expect([0, 5, 11, 29].map((minutes) => at(minutes * MINUTE_MS))).toEqual(["ok", "ok", "degraded", "degraded"]);
    expect([31, 600, 6_000].map((minutes) => at(minutes * MINUTE_MS))).toEqual(["stale", "stale", "stale"]);
  });

  it("is ok at every moment between ticks that come and commit on time, however short its rotation", () => {
    for (const [intervalMs, tickMs] of [
      [120_000, 25_000],
      [5_000, 4_000],
    ] as const) {
      for (let ms = 0; ms < intervalMs + tickMs; ms += 500) {
        const answered = { goodAgo: ms, tenthAgo: ms, halfAgo: ms, tickAgo: ms, publishedAgo: ms };
        const facts = { ...answered, rotationMs: intervalMs, budgetRotationMs: intervalMs };
        expect([ms, judgeFreshness(input(facts)).status]).toEqual([ms, "ok"]);
      }
    }
  });

  it("gives a lane a minute at least, however short its rotation", () => {
    const short = { rotationMs: 5_000, budgetRotationMs: 5_000 };
    expect(judgeFreshness(input({ ...short, goodAgo: 60_000, tenthAgo: 60_000 })).status).toBe("ok");
    expect(codes({ ...short, goodAgo: 60_001, tenthAgo: 60_001 })).toEqual(["lane-silent", "lane-aging"]);
  });

  it("gives a rotation that a budget stretches its time, and no more than makes the board stale (M1)", () => {
    const stretched = { budgetRotationMs: 111 * DAY_MS };
    expect(judgeFreshness(input({ ...stretched, goodAgo: 2 * HOUR_MS, tickAgo: 2 * HOUR_MS })).status).toBe("ok");
    expect(codes({ ...stretched, goodAgo: 2 * HOUR_MS + 31_000 })).toEqual(["lane-silent"]);
    expect(codes({ ...stretched, tenthAgo: 6 * HOUR_MS + 1 })).toEqual(["lane-aging"]);
    expect(codes({ ...stretched, tickAgo: 6 * HOUR_MS + 1 })).toEqual(["no-tick"]);
    expect(codes({ ...stretched, halfAgo: 6 * HOUR_MS + 1 })).toEqual(["lane-stale"]);
  });
});

describe("toStaleAfterMs", () => {
  it.each([
    ["half an hour at least", 5_000, 5_000, 30 * MINUTE_MS],
    ["three rotations", HOUR_MS, HOUR_MS, 3 * HOUR_MS],
    ["three rotations at the budget's interval", ROTATION_MS, HOUR_MS, 3 * HOUR_MS],
    ["six hours of them at most", ROTATION_MS, 111 * DAY_MS, 6 * HOUR_MS],
    ["more where the roster itself asks for more", 5 * HOUR_MS, 5 * HOUR_MS, 15 * HOUR_MS],
  ])("is %s", (_name, rotationMs, budgetRotationMs, ms) => {
    expect(toStaleAfterMs({ rotationMs, budgetRotationMs })).toBe(ms);
  });
});

describe("a board of which no facts can be read", () => {
  it.each([
    ["no row, as an older rebuilder leaves it", null],
    ["a row that cannot be read", { ...rowOf({}), facts: null }],
  ])("is judged by what was promised with its ranking: %s", (_name, freshness) => {
    const at = (nowMs: number) => judgeFreshness({ ...input({}), freshness, nowMs }).status;
    const { staleAfter } = input({}).publication ?? { staleAfter: 0 };
    expect([at(staleAfter - 1), at(staleAfter)]).toEqual(["ok", "stale"]);
    expect(judgeFreshness({ publication: null, freshness, nowMs: NOW }).status).toBe("starting");
  });

  it("is judged by that promise too while a newer rebuilder has yet to commit its first tick", () => {
    const fresh = {
      tickAgo: null,
      startedAgo: null,
      goodAgo: null,
      tenthAgo: null,
      halfAgo: null,
      ranked: 0,
      failed: 0,
    };
    expect(judgeFreshness(input({ ...fresh, publishedAgo: 29 * MINUTE_MS })).status).toBe("ok");
    expect(codes({ ...fresh, publishedAgo: 31 * MINUTE_MS })).toEqual(["no-tick"]);
  });
});

describe("what is told", () => {
  it("says why nothing was published, since when, and what to do", () => {
    const { since, reasons } = judgeFreshness(
      input({ publishedAgo: null, startedAgo: 5_000, waitingFor: "no price is known of stx" }),
    );
    expect(since).toBe(NOW - 5_000);
    expect(reasons[0]?.why).toBe("nothing has been published yet: no price is known of stx");
    expect(reasons[0]?.action?.command).toBe("status");
    expect(toCommand("accept --id fall-1", "http://localhost:8787")).toBe(
      "npm run ops -- accept --id fall-1 --url http://localhost:8787",
    );
  });

  it("names the hold to accept, and the end of a pause", () => {
    const paused = { since: NOW, until: NOW + 5, reason: "an upgrade" };
    const { reasons } = judgeFreshness(input({ holds: 1, paused }));
    expect(reasons.map(({ action }) => action?.command)).toEqual(["accept --id fall-1", "resume"]);
    expect(reasons[1]?.why).toBe(`paused until ${new Date(NOW + 5).toISOString()}: an upgrade`);
  });

  it("is as bad as its worst reason, and as old as its oldest", () => {
    const { status, since } = judgeFreshness(input({ holds: 1, priceAgo: HOUR_MS, halfAgo: 2 * HOUR_MS }));
    expect([status, since]).toEqual(["stale", NOW - 2 * HOUR_MS]);
  });

  it("is unreachable when the database does not answer", () => {
    expect(toUnreachable(NOW)).toMatchObject({ status: "unreachable", since: NOW, reasons: [{ code: "unreachable" }] });
  });
});

describe("whatever facts are stored", () => {
  it("throws nothing, is ok only without a reason, and never gets better by waiting alone", () => {
    const rank = ["ok", "degraded", "stale"];
    const ago = fc.option(fc.nat(3 * DAY_MS));
    const changes = fc.record({
      goodAgo: ago,
      tickAgo: ago,
      startedAgo: ago,
      tenthAgo: ago,
      halfAgo: ago,
      failed: fc.nat(430),
    });
    fc.assert(
      fc.property(changes, fc.nat(DAY_MS), (one, later) => {
        const now = judgeFreshness(input(one));
        const then = judgeFreshness({ ...input(one), nowMs: NOW + later });
        expect(now.status === "ok").toBe(now.reasons.length === 0);
        expect(rank.indexOf(then.status)).toBeGreaterThanOrEqual(rank.indexOf(now.status));
      }),
    );
  });
});

interface Changes
  extends Partial<Pick<FreshnessFacts, "agents" | "paused" | "waitingFor" | "rotationMs" | "budgetRotationMs">> {
  goodAgo?: number | null; // of the Stacks lane; Bitcoin is fresh
  why?: string;
  tickAgo?: number | null;
  startedAgo?: number | null;
  tenthAgo?: number | null;
  halfAgo?: number | null;
  failed?: number;
  ranked?: number;
  priceAgo?: number;
  publishedAgo?: number | null;
  holds?: number;
}

function input(changes: Changes): FreshnessInput {
  const { publishedAgo = 0 } = changes;
  const publishedAt = NOW - (publishedAgo ?? 0);
  const staleAfter = publishedAt + 30 * MINUTE_MS;
  const isLong = (changes.budgetRotationMs ?? 0) > HOUR_MS;
  return {
    publication:
      publishedAgo === null
        ? null
        : { version: 1, publishedAt, staleAfter: isLong ? staleAfter + 6 * HOUR_MS : staleAfter, agents: 430 },
    freshness: rowOf(changes),
    nowMs: NOW,
  };
}

function rowOf(changes: Changes): NonNullable<FreshnessInput["freshness"]> {
  const fresh: LaneAges = { tenthAt: NOW, halfAt: NOW, failed: 0 };
  const { tenthAgo = 0, halfAgo = 0, failed = 0, ranked = 430 } = changes;
  const stacks: LaneAges = { tenthAt: toTime(tenthAgo), halfAt: toTime(halfAgo), failed };
  return { writtenAt: NOW, facts: factsOf(changes), ranked, countedAt: NOW, ages: { stacks, bitcoin: fresh } };
}

function factsOf(changes: Changes): FreshnessFacts {
  const { goodAgo = 0, tickAgo = 0, startedAgo = 0, priceAgo = 0, holds = 0, why = null } = changes;
  const [health] = LANE_HEALTHS;
  const lane = { health, since: null, until: null, why, goodAt: toTime(goodAgo) };
  const { agents = 430, paused = null, waitingFor = null, rotationMs = ROTATION_MS } = changes;
  const hold = { id: "fall-1", kind: "fall" as const, subject: "sbtc", detail: "31 agents fell", since: NOW };
  return freshnessFacts.parse({
    tickAt: toTime(tickAgo),
    nextTickAt: NOW,
    agents,
    lanes: { stacks: lane, bitcoin: { ...lane, goodAt: NOW } },
    prices: { "btc-l1": NOW, stx: NOW - priceAgo },
    holds: Array.from({ length: holds }, () => hold),
    paused,
    rotationMs,
    budgetRotationMs: changes.budgetRotationMs ?? ROTATION_MS,
    startedAt: toTime(startedAgo),
    waitingFor,
  });
}

function toTime(agoMs: number | null): number | null {
  return agoMs === null ? null : NOW - agoMs;
}

function codes(changes: Changes): ReasonCode[] {
  return judgeFreshness(input(changes)).reasons.map(({ code }) => code);
}
