import { describe, expect, it } from "vitest";
import { createMemory, formatTick, judgeCalls, judgeEnd, judgePage, judgeStatus } from "../src/smoke/judge.ts";
import { createReasons } from "../src/smoke/reasons.ts";
import { type Status, statusSchema, type Tick } from "../src/status.ts";
import * as statuses from "./statuses.ts";

const { NOW } = statuses;

describe("a healthy status", () => {
  it("gives no reason and shows each tick once, oldest first", () => {
    const first = judgeStatus(createMemory(), status({ ticks: [tick("b", 2), tick("a", 1)] }));
    expect([first.reasons, first.newTicks.map((one) => one.tickId)]).toEqual([[], ["a", "b"]]);
    const second = judgeStatus(first.memory, status({ ticks: [tick("c", 3), tick("b", 2), tick("a", 1)] }));
    expect([second.reasons, second.newTicks.map((one) => one.tickId)]).toEqual([[], ["c"]]);
  });

  it("is accepted as the API writes it", () => {
    const parsed = statusSchema.parse({ ...statuses.toServed(status({ alarmAt: null })), extra: 1 });
    expect(parsed).toEqual(status({ alarmAt: null }));
  });
});

describe("a reason is given when", () => {
  it.each<[string, Partial<Status>, RegExp]>([
    ["fewer agents are covered", { rowCounts: covered(99) }, /shrank from 100 to 99/],
    ["the epoch goes back", { epoch: 4 }, /epoch went back from 5 to 4/],
    ["the version goes back", { publication: published(4) }, /version went back from 5 to 4/],
    ["the alarm is missing", { alarmAt: null }, /alarm is missing/],
    ["the alarm is overdue", { alarmOverdueMs: 6_000 }, /overdue by 6000 ms/],
    ["the alarm had to be set again", { watchdogRearms: 1 }, /had to be set again/],
    ["the database does not answer", { rowCounts: null }, /database did not answer/],
    ["a tick goes over the budget", { ticks: [tick("z", 9, { subrequests: 251 })] }, /251 subrequests/],
    [
      "a tick does not commit",
      { ticks: [tick("z", 9, { outcome: "commit-failed", error: "full" })] },
      /commit-failed: full/,
    ],
    [
      "a lane is not well",
      {
        lanes: {
          ...statuses.lanes(1, 100).lanes,
          bitcoin: statuses.lane(1, 0, { health: "resting", why: "http-503" }),
        },
      },
      /bitcoin lane is resting: http-503/,
    ],
    ["no tick comes any more", { now: NOW + 60_000, ticks: [tick("a", 1)] }, /no tick for 60 s/],
  ])("%s", (_what, change, reason) => {
    const { memory } = judgeStatus(createMemory(), status({ ticks: [tick("a", 1)] }));
    const { reasons } = judgeStatus(memory, status({ ticks: [tick("a", 1)], ...change }));
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });

  it("the upstream counts more calls than the budget, or than the tick itself", () => {
    expect(judgeCalls(tick("a", 1, { subrequests: 205 }), 201)).toEqual([]);
    expect(judgeCalls(tick("a", 1, { subrequests: 200 }), 201)).toEqual([expect.stringContaining("the upstream 201")]);
    expect(judgeCalls(tick("a", 1, { subrequests: 205 }), 251)).toEqual([expect.stringContaining("251 calls")]);
  });

  it("somebody is not covered after a rotation, or there was no tick", () => {
    const rowCounts = covered(429);
    expect(judgeEnd(status({ ticks: [tick("a", 1)], rowCounts }))).toEqual([]);
    const rotated = status({ ticks: [tick("a", 1)], rowCounts, ...statuses.lanes(2, 0) });
    expect(judgeEnd(rotated)).toEqual([expect.stringContaining("only 429 of 430")]);
    const apart = { stacks: statuses.lane(2, 0), bitcoin: statuses.lane(1, 400) };
    expect(judgeEnd({ ...rotated, lanes: apart })).toEqual([]);
    expect(judgeEnd(status({ ticks: [] }))).toEqual(["there was no tick at all"]);
  });

  it("the data is not fresh at the end", () => {
    const reason = {
      code: "price-old" as const,
      subject: "stx",
      since: NOW,
      why: "the price of stx is 20 min old",
      action: null,
    };
    const freshness = { status: "degraded" as const, since: NOW, reasons: [reason] };
    expect(judgeEnd(status({ ticks: [tick("a", 1)], freshness }))).toEqual([
      "the data is degraded at the end: the price of stx is 20 min old",
    ]);
  });

  it("the page does not render", () => {
    const page = "<table><tr><th>Agent</th></tr><tr><td>One</td></tr></table>";
    expect(judgePage(200, "text/html; charset=UTF-8", page)).toEqual([]);
    expect(judgePage(500, "text/html", page)).toHaveLength(1);
    expect(judgePage(200, "application/json", page)).toHaveLength(1);
    expect(judgePage(200, "text/html", "<table><tr></tr></table>")).toHaveLength(1);
  });
});

it("prints a tick in one line", () => {
  const line = formatTick(tick("a", 7), status({ alarmAt: NOW + 1_900 }), 201);
  expect(line).toBe(
    "tick    7 alarm  committed | agents 100 failed 0 | subrequests 205 (upstream 201) | balances 900 covering 100 of " +
      "430 | version 7 | stacks 1/SP1GDBCF… | bitcoin 1/start | alarm in 1.9 s | 1000 ms",
  );
});

it("tells reasons that differ only in ids and numbers once", () => {
  const printed: string[] = [];
  const reasons = createReasons((line) => printed.push(line));
  reasons.add(["no tick for 31 s", "no tick for 32 s"]);
  reasons.add([
    "request 8b6d1d2e-0000-4000-8000-000000000001 failed",
    "request 8b6d1d2e-0000-4000-8000-000000000002 failed",
  ]);
  expect(printed).toHaveLength(2);
  expect(reasons.list()[0]).toBe("no tick for 31 s (2 times)");
});

function tick(tickId: string, epoch: number, changed: Partial<Tick> = {}): Tick {
  const at = { tickId, epoch, version: epoch, startedAt: NOW - 1_000 + epoch, durationMs: 1_000 };
  const lane = { rotation: 1, asked: 100, failed: 0, cursorBefore: "" };
  const lanes = {
    stacks: { ...lane, cursorAfter: "SP1GDBCFGTCGJ14ZC08R245PGBDVJ534WX8Q63Z5H" },
    bitcoin: { ...lane, cursorAfter: "" },
  };
  return statuses.tick({ ...at, lanes, failed: 0, subrequests: 205, ...changed });
}

function status(changed: Partial<Status>): Status {
  const good = { ...statuses.lanes(1, 100), alarmAt: NOW + 2_000, epoch: 5, ticks: [], publication: published(5) };
  return statuses.status({ ...good, rowCounts: covered(100), ...changed });
}

function published(version: number): Status["publication"] {
  const { publication } = statuses.status();
  return publication && { ...publication, version };
}

function covered(agentsCovered: number): Status["rowCounts"] {
  const { rowCounts } = statuses.status();
  return rowCounts && { ...rowCounts, balances: 900, agentsCovered };
}
