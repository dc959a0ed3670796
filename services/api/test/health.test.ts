import { REASON_CODES, type Reason } from "@standings/rebuilder/contract";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { healthSchema } from "../src/ranking/health.ts";
import {
  clearDatabase,
  crowd,
  type FreshnessSeed,
  facts,
  observe,
  publish,
  readBody,
  request,
  writeFreshness,
} from "./builders.ts";

beforeEach(clearDatabase);

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const URL_IN_USE = "https://standings.example";

async function getHealth(status: number, changed = {}) {
  const response = await request("/api/health", {}, { PUBLIC_URL: `${URL_IN_USE}/`, ...changed });
  expect(response.status).toBe(status);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  return readBody(response, healthSchema);
}

const publishNow = (seed = {}) =>
  publish(crowd(2), { version: 7, publishedAt: Date.now() - 5_000, staleAfter: Date.now() + MINUTE_MS, ...seed });

const lanes = (bitcoin: object) => ({ ...facts().lanes, bitcoin: { ...facts().lanes.bitcoin, ...bitcoin } });
const ago = (ms: number) => Date.now() - ms;
const hold = {
  id: "fall-stx-3",
  kind: "fall",
  subject: "stx",
  detail: "30 of 100 agents lost all their stx",
  since: ago(HOUR_MS),
};

describe("by what the rebuilder wrote, health is", () => {
  it("ok while nothing is wrong", async () => {
    await publishNow({ pending: 2 });
    await writeFreshness();
    const health = await getHealth(200);
    expect(health).toMatchObject({ status: "ok", version: 7, agents: 2, reasons: [] });
    expect(health.ageSeconds).toBeGreaterThanOrEqual(5);
    const { publication, stacks, bitcoin, prices, holds, rebuilder } = health.checks;
    for (const check of Object.values(health.checks)) expect(check.ok).toBe(true);
    expect(publication).toMatchObject({
      share: 0.5,
      detail: "Version 7: 2 ranked, 0 of them by last good values, 2 pending.",
    });
    for (const lane of [stacks, bitcoin]) {
      expect(lane.share).toBe(0);
      expect(lane.ageSeconds).toBeGreaterThanOrEqual(20);
      expect(lane.detail).toBe("Well, last complete answer 20 s ago, half of its agents are younger than 4 min.");
    }
    expect(prices).toMatchObject({ ageSeconds: 30, detail: "The oldest of btc-l1, stx, sbtc is 30 s old." });
    expect(holds).toMatchObject({ ageSeconds: null, detail: "Nothing is held back." });
    expect(rebuilder.detail).toMatch(/^The last tick committed 20 s ago, the next one is due at 20/);
  });

  const DEGRADED: [
    code: Reason["code"],
    check: string,
    seed: FreshnessSeed,
    subject: string | null,
    command: string,
  ][] = [
    [
      "lane-silent",
      "bitcoin",
      {
        facts: facts({
          lanes: lanes({ health: "resting", until: Date.now() + MINUTE_MS, goodAt: ago(HOUR_MS), why: "http-503" }),
        }),
      },
      "bitcoin",
      "status",
    ],
    ["lane-aging", "stacks", { tenthAt: ago(HOUR_MS), halfAt: ago(2 * MINUTE_MS) }, "stacks", "status"],
    ["lane-failing", "bitcoin", { failed: 50 }, "bitcoin", "status"],
    ["price-old", "prices", { facts: facts({ prices: { stx: ago(HOUR_MS) } }) }, "stx", "status"],
    ["hold", "holds", { facts: facts({ holds: [hold as never] }) }, "fall-stx-3", "accept --id fall-stx-3"],
    [
      "paused",
      "rebuilder",
      { facts: facts({ paused: { since: ago(HOUR_MS), until: null, reason: "upgrade" } }) },
      null,
      "resume",
    ],
  ];

  it.each(DEGRADED)(
    "degraded for %s, which is 200 and %s alone not ok",
    async (code, check, seed, subject, command) => {
      await publishNow();
      await writeFreshness(seed);
      const { status, reasons, checks } = await getHealth(200);
      expect([status, reasons.map((reason) => reason.code)]).toEqual(["degraded", [code]]);
      expect(reasons[0]).toMatchObject({
        subject,
        action: { command: `npm run ops -- ${command} --url ${URL_IN_USE}` },
      });
      expect(Date.parse(reasons[0]?.since ?? "")).toBeLessThan(Date.now());
      const bad = Object.entries(checks).filter(([, { ok }]) => !ok);
      expect(bad.map(([name]) => name)).toEqual([check]);
      const [[, { detail }] = ["", { detail: "" }]] = bad;
      expect(detail.toLowerCase()).toBe(`${reasons[0]?.why}.`.toLowerCase());
    },
  );

  const STALE: [code: Reason["code"], check: string, seed: FreshnessSeed][] = [
    ["no-tick", "rebuilder", { facts: facts({ tickAt: ago(HOUR_MS), prices: {} }) }],
    ["lane-stale", "stacks", { halfAt: ago(HOUR_MS), tenthAt: ago(2 * HOUR_MS) }],
  ];

  it.each(STALE)("stale for %s, which is 503", async (code, check, seed) => {
    await publishNow();
    await writeFreshness(seed);
    const { status, reasons, checks } = await getHealth(503);
    expect(status).toBe("stale");
    expect(reasons.map((reason) => reason.code)).toContain(code);
    expect(checks[check as keyof typeof checks].ok).toBe(false);
  });

  it("starting before the first publication, and says what it waits for", async () => {
    await writeFreshness({ facts: facts({ waitingFor: "BTC has no price that two sources agree on" }) });
    const health = await getHealth(503);
    expect(health).toMatchObject({ status: "starting", ageSeconds: null, version: 0, agents: 0 });
    expect(health.reasons[0]).toMatchObject({
      code: "not-published",
      why: expect.stringContaining("BTC has no price"),
    });
    expect(health.checks.publication.ok).toBe(false);
  });

  it("of every reason at once, as bad as the worst, with since and why of each", async () => {
    await publishNow();
    const all = facts({
      tickAt: ago(2 * HOUR_MS),
      lanes: lanes({ goodAt: ago(2 * HOUR_MS) }),
      prices: { stx: ago(HOUR_MS) },
      holds: [hold as never],
      paused: { since: ago(HOUR_MS), until: null, reason: null },
    });
    await writeFreshness({ facts: all, halfAt: ago(2 * HOUR_MS), failed: 430 });
    const { reasons } = await getHealth(503);
    const missing = new Set(["unreachable", "not-published", "lane-aging"]); // which exclude one of the others
    expect(new Set(reasons.map(({ code }) => code))).toEqual(
      new Set(REASON_CODES.filter((code) => !missing.has(code))),
    );
  });
});

describe("whatever was published, a total outage shows", () => {
  it("within the time that the data may be old, though ticks commit and publish", async () => {
    await publishNow({ staleAfter: Date.now() + 24 * HOUR_MS });
    const silent = {
      health: "resting" as const,
      since: ago(HOUR_MS),
      until: null,
      why: "network",
      goodAt: ago(HOUR_MS),
    };
    await writeFreshness({ facts: facts({ lanes: { stacks: silent, bitcoin: silent } }), halfAt: ago(HOUR_MS) });
    const { status, checks } = await getHealth(503);
    expect([status, checks.publication.ok, checks.stacks.ok, checks.bitcoin.ok]).toEqual(["stale", true, false, false]);
  });
});

describe("where only an older rebuilder has run, health is", () => {
  it("ok while the newest ranking is younger than it promised", async () => {
    await publishNow();
    const health = await getHealth(200);
    expect(health).toMatchObject({ status: "ok", version: 7, agents: 2, reasons: [] });
    expect(health.checks.stacks).toMatchObject({ ok: true, ageSeconds: null, share: null });
  });

  it("stale from its limit on, however young the ranking is", async () => {
    await publishNow({ staleAfter: Date.now() });
    expect(await getHealth(503)).toMatchObject({ status: "stale", checks: { publication: { ok: false } } });
  });

  it("judged by the newest ranking alone", async () => {
    await publish(crowd(1), { version: 1, publishedAt: Date.now(), staleAfter: Date.now() + MINUTE_MS });
    await publish(crowd(1), { version: 2, publishedAt: Date.now(), staleAfter: Date.now() - 1 });
    expect(await getHealth(503)).toMatchObject({ status: "stale", version: 2 });
  });

  it("starting before the first publication", async () => {
    expect(await getHealth(503)).toMatchObject({ status: "starting", ageSeconds: null, version: 0, agents: 0 });
  });
});

describe("health", () => {
  it("is unreachable, 503 without the cause, when the database does not answer", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { DB } = observe();
    DB.prepare = () => {
      throw new Error("D1_ERROR: SECRET cause");
    };
    const health = await getHealth(503, { DB });
    expect(health).toMatchObject({ status: "unreachable", version: null, reasons: [{ code: "unreachable" }] });
    for (const check of Object.values(health.checks)) expect(check.ok).toBe(false);
    expect(JSON.stringify(health)).not.toContain("SECRET");
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  it("falls back to the promise, and logs by name, when what the rebuilder wrote cannot be read", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    await publishNow();
    await writeFreshness({ facts: { ...facts(), lanes: null } });
    expect(await getHealth(200)).toMatchObject({ status: "ok" });
    expect(log.mock.calls.join()).toMatch(/"event":"freshness.unreadable".*lanes/);
    log.mockRestore();
  });

  it("costs one round trip to the database, and two rows", async () => {
    await publishNow();
    await writeFreshness();
    let batches = 0;
    const { DB, seen } = observe(async () => void batches++);
    await getHealth(200, { DB });
    expect([batches, seen.statements.length]).toEqual([1, 2]);
    expect(seen.rowsRead).toBeLessThanOrEqual(2);
  });

  it("names the address of the request in commands where none is configured", async () => {
    const { reasons } = await getHealth(503, { PUBLIC_URL: "" });
    expect(reasons[0]?.action?.command).toBe("npm run ops -- status --url http://localhost");
  });
});
