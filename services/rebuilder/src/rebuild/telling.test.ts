import { describe, expect, it } from "vitest";
import { heldFall, NOW } from "../../test/falls.ts";
import type { Freshness, Reason } from "../contract/freshness.ts";
import { tellFreshness, tellHolds } from "./telling.ts";

describe("a hold", () => {
  it("has a line when it begins and one when it ends, and none in between", () => {
    const { log, lines } = rig();
    const hold = heldFall();
    tellHolds([], [hold], log);
    tellHolds([hold], [{ ...hold, pairs: hold.pairs.slice(1) }], log);
    tellHolds([hold], [], log);
    expect(lines).toEqual([
      [
        "warn",
        "hold.began",
        { id: hold.id, kind: "fall", subject: "sbtc", detail: expect.stringContaining("31 agents") },
      ],
      ["info", "hold.ended", { id: hold.id, kind: "fall", subject: "sbtc" }],
    ]);
  });

  it("that follows another is told apart from it", () => {
    const { log, lines } = rig();
    tellHolds([heldFall()], [{ ...heldFall(), id: "fall-sbtc-2" }], log);
    expect(lines.map(([, event]) => event)).toEqual(["hold.began", "hold.ended"]);
  });
});

describe("a reason to call the board degraded", () => {
  it("has a line when it begins, with what to do, and one when it ends, and is remembered with its beginning", () => {
    const { log, lines } = rig();
    const first = tellFreshness({}, freshness(reason("bitcoin")), NOW, log);
    expect(first).toEqual({ "lane-silent bitcoin": NOW });
    expect(tellFreshness(first, freshness(reason("bitcoin")), NOW + 5, log)).toEqual(first);
    expect(tellFreshness(first, freshness(), NOW + 9, log)).toEqual({});
    expect(lines).toEqual([
      [
        "warn",
        "degraded.began",
        { reason: "lane-silent", subject: "bitcoin", since: NOW - 5, why: "why", command: "status" },
      ],
      ["info", "degraded.ended", { reason: "lane-silent", since: NOW }],
    ]);
  });

  it("is told apart by its subject, and without one by its code", () => {
    const { log, lines } = rig();
    const paused: Reason = { code: "paused", subject: null, since: NOW, why: "why", action: null };
    const next = tellFreshness({}, freshness(reason("bitcoin"), reason("stacks"), paused), NOW, log);
    expect(Object.keys(next)).toEqual(["lane-silent bitcoin", "lane-silent stacks", "paused"]);
    expect(lines.map(([, , fields]) => fields.command)).toEqual(["status", "status", null]);
  });
});

function reason(subject: string): Reason {
  return { code: "lane-silent", subject, since: NOW - 5, why: "why", action: { command: "status", when: "now" } };
}

function freshness(...reasons: Reason[]): Freshness {
  return { status: reasons.length === 0 ? "ok" : "degraded", since: null, reasons };
}

function rig() {
  const lines: [string, string, Record<string, unknown>][] = [];
  const log = (level: string, event: string, fields: Record<string, unknown>) => {
    lines.push([level, event, fields]);
  };
  return { log, lines };
}
