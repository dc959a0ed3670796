import { findNewest } from "@standings/db";
import { beforeEach, describe, expect, it } from "vitest";
import { freshnessFacts } from "../src/contract/freshness.ts";
import { judgeFreshness } from "../src/safeguards/freshness.ts";
import { COUNT_AGES_EVERY_MS } from "../src/tick/facts.ts";
import { makeAgents, toRosterText } from "./agents.ts";
import { db, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isAbout, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const agents = makeAgents(10);
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents);
  giveCoins(rig, agents);
});

describe("the row that readers judge by", () => {
  it("is written by every tick, with nothing else to write", async () => {
    await rig.alarms(2);
    for (let tick = 0; tick < 3; tick++) {
      const { startedAt } = await rig.alarm();
      const { writtenAt, facts } = await readRow();
      expect([writtenAt, facts?.tickAt]).toEqual([startedAt, startedAt]);
      expect(facts).toMatchObject({
        nextTickAt: rig.storage.alarmAt,
        agents: 10,
        lanes: { stacks: { health: "well", goodAt: startedAt }, bitcoin: { health: "well", goodAt: startedAt } },
        holds: [],
        paused: null,
        rotationMs: 2 * MINUTE_MS,
      });
    }
  });

  it("is written by a tick that brought nothing, in which the times stand still", async () => {
    const { startedAt } = await rig.alarm();
    failBalances(503);
    await rig.alarms(3);
    const { writtenAt, facts } = await readRow();
    expect(writtenAt).toBe(rig.nowMs);
    expect([facts?.lanes.stacks.goodAt, facts?.lanes.bitcoin.goodAt]).toEqual([startedAt, startedAt]);
    expect(facts?.lanes.stacks).toMatchObject({ health: "resting", why: "http-error 503" });
  });

  it("is written at once by pause, resume and accept, though no tick runs", async () => {
    rig.vars.ROSTER_MAX_AGE_MS = "1";
    await rig.alarm();
    rig.roster = toRosterText(agents.slice(0, 3));
    await rig.alarm();
    const { startedAt: tickAt } = (await rig.status()).lastTick ?? {};
    rig.nowMs += 30_000;
    const [hold] = (await rig.status()).holds;
    expect((await readRow()).facts?.holds).toMatchObject([{ id: hold?.id, kind: "roster" }]);
    await rig.accept(hold?.id ?? "");
    expect(await readRow()).toMatchObject({ writtenAt: rig.nowMs, facts: { holds: [], tickAt } });
    await rig.pause({ reason: "maintenance" });
    expect((await readRow()).facts?.paused).toEqual({ since: rig.nowMs, until: null, reason: "maintenance" });
    await rig.resume();
    expect((await readRow()).facts?.paused).toBeNull();
  });

  it("counts the ages of the ranked with a publication, and otherwise every five minutes at most", async () => {
    rig = createRig(makeAgents(60), { vars: { CHUNK_SIZE: "5", ALARM_INTERVAL_ACTIVE_MS: "60000" } });
    await rig.alarms(12); // a rotation, so that everybody is known
    const counted = new Set<number | null | undefined>();
    for (const { version } of await rig.alarms(10)) {
      expect(version).toBeNull();
      counted.add((await readRow()).countedAt);
    }
    const [first] = rig.agents;
    expect((await readRow()).countedAt).toBeGreaterThan(rig.nowMs - COUNT_AGES_EVERY_MS);
    await rig.alarms(2);
    rig.holdings.stx.set(first?.stxAddress ?? "", 5);
    expect((await rig.alarm()).version).not.toBeNull();
    expect((await readRow()).countedAt).toBe(rig.nowMs);
  });

  it("says what readers judge exactly as the rebuilder's own status", async () => {
    failBalances(500);
    await rig.run(40);
    expect((await judge()).reasons.map(({ code, subject }) => [code, subject])).toEqual(
      (await rig.status()).freshness.reasons.map(({ code, subject }) => [code, subject]),
    );
  });
});

describe("the board", () => {
  it("is ok while both lanes bring good answers", async () => {
    await rig.run(60);
    expect(await judge()).toEqual({ status: "ok", since: null, reasons: [] });
  });

  it("is degraded within a rotation of an outage of both hosts, and stale after half an hour", async () => {
    const { startedAt } = await rig.alarm();
    failBalances(503);
    await rig.run(6);
    expect(await judge()).toMatchObject({
      status: "degraded",
      reasons: [
        { code: "lane-silent", subject: "stacks", since: startedAt, why: expect.stringContaining("http-error 503") },
        { code: "lane-silent", subject: "bitcoin", since: startedAt },
      ],
    });
    await rig.run(30);
    expect((await judge()).status).toBe("stale");
    await rig.run(5 * 60);
    const { status, reasons } = await judge();
    expect(status).toBe("stale");
    expect(reasons.find(({ code }) => code === "lane-stale")?.why).toMatch(/^half of the stacks lane is 5\.\d h old/);
  });

  it("is stale by the clock alone when the rebuilder is dead", async () => {
    await rig.alarm();
    rig.nowMs += 31 * MINUTE_MS;
    const { status, reasons } = await judge();
    expect(status).toBe("stale");
    expect(reasons.map(({ code }) => code)).toContain("no-tick");
  });

  it("is degraded, not stale, by old prices, with their age", async () => {
    rig.vars.ALARM_INTERVAL_ACTIVE_MS = "300000";
    await rig.alarm();
    rig.upstream.intercept = ({ host }) => (host === "coingecko" || host === "coinbase" ? respond(500) : undefined);
    await rig.run(14);
    expect((await judge()).status).toBe("ok");
    await rig.run(3 * 60);
    const { status, reasons } = await judge();
    expect(status).toBe("degraded");
    expect(reasons.map(({ code, subject, why }) => [code, subject, why])).toEqual([
      ["price-old", "stx", expect.stringMatching(/^the price of stx is 3\.\d h old$/)],
    ]);
  });

  it("is degraded while more than a tenth of the ranked failed at a lane's last attempt", async () => {
    await rig.alarm();
    rig.upstream.intercept = ({ host, address }) =>
      host === "mempool" && [agents[2], agents[7]].some((agent) => agent?.btcAddress === address)
        ? respond(500)
        : undefined;
    await rig.run(6);
    expect(await judge()).toMatchObject({
      status: "degraded",
      reasons: [{ code: "lane-failing", subject: "bitcoin", why: expect.stringContaining("2 of 10 agents failed") }],
    });
  });

  it("is degraded while it is paused, until the pause's end", async () => {
    await rig.alarm();
    await rig.pause({ until: rig.nowMs + 20 * MINUTE_MS, reason: "a look" });
    rig.nowMs += 3 * MINUTE_MS;
    expect((await judge()).reasons.map(({ code }) => code)).toContain("paused");
    rig.nowMs += 18 * MINUTE_MS;
    expect((await judge()).reasons.map(({ code }) => code)).not.toContain("paused");
  });

  it("is called stale after six hours at most, whatever a monthly budget stretches", async () => {
    rig = createRig(makeAgents(430), { vars: { HIRO_MONTHLY_BUDGET: "450" } });
    await rig.alarms(2);
    rig.nowMs += 6 * HOUR_MS + MINUTE_MS;
    expect((await judge()).status).toBe("stale");
  });

  it("is unreachable to the rebuilder's own status while the database does not answer", async () => {
    await rig.alarm();
    rig.isDatabaseDown = true;
    const status = await rig.status();
    expect(status.freshness.status).toBe("unreachable");
    expect(status.rowCounts).toBeNull();
    expect(status.lastTick).toMatchObject({ outcome: "committed" });
  });
});

describe("the heartbeat", () => {
  it("beats after every tick that brought good answers on both lanes", async () => {
    await rig.alarms(3);
    expect(rig.heartbeats.length).toBe(3);
  });

  it.each(["stacks", "bitcoin"] as const)("stops while the %s lane brings none", async (lane) => {
    await rig.alarm();
    rig.upstream.intercept = (call) => (isAbout(lane, call) ? respond(500) : undefined);
    await rig.alarms(3);
    expect(rig.heartbeats.length).toBe(1);
    rig.upstream.intercept = () => undefined;
    await rig.run(15);
    expect(rig.heartbeats.length).toBeGreaterThan(1);
  });

  it("stops while nothing is committed", async () => {
    await rig.alarm();
    rig.wrapStore = (store) => ({ ...store, commit: () => Promise.reject(new Error("D1_ERROR: overloaded")) });
    await rig.alarms(2);
    expect(rig.heartbeats.length).toBe(1);
  });

  it("that fails harms no tick, and a slow one holds nothing up", async () => {
    rig.sendHeartbeat = () => Promise.reject(new Error("the heartbeat's address answered 500"));
    expect(await rig.alarm()).toMatchObject({ outcome: "committed" });
    expect(rig.logged("heartbeat.failed")).toEqual([{ error: "the heartbeat's address answered 500" }]);
    rig.sendHeartbeat = () => new Promise(() => {});
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", durationMs: 0 });
  });
});

/** As the API judges it: from D1 and the clock alone. */
async function judge() {
  const { publication, freshness } = await findNewest(db);
  return judgeFreshness({
    publication: publication
      ? {
          version: publication.version,
          publishedAt: publication.published_at,
          staleAfter: publication.stale_after,
          agents: publication.agents,
        }
      : null,
    freshness: freshness ? { ...freshness, facts: freshnessFacts.parse(freshness.facts) } : null,
    nowMs: rig.nowMs,
  });
}

async function readRow() {
  const { freshness } = await findNewest(db);
  return { ...freshness, facts: freshnessFacts.safeParse(freshness?.facts).data };
}

function failBalances(status: number): void {
  rig.upstream.intercept = (call) =>
    isAbout("stacks", call) || isAbout("bitcoin", call) ? respond(status) : undefined;
}
