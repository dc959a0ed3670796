import { listOperatorActions } from "@standings/db";
import { beforeEach, describe, expect, it } from "vitest";
import { REASON_CODES } from "../src/contract/freshness.ts";
import { makeAgents, toRosterText } from "./agents.ts";
import { db, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isAbout, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeAgents(10);
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents, { vars: { ROSTER_MAX_AGE_MS: "1" } });
  giveCoins(rig, agents);
  await rig.alarm();
});

describe("the log", () => {
  it("has a line for each tick, with its whole report, and a louder one for a tick that failed", async () => {
    const report = await rig.alarm();
    rig.isDatabaseDown = true;
    await rig.alarm();
    expect(rig.logs.filter(({ event }) => event === "tick.ended").map(({ level }) => level)).toEqual([
      "info",
      "info",
      "warn",
    ]);
    expect(rig.logged("tick.ended")[1]).toEqual(report);
  });

  it("says when a hold begins and when it ends, once each", async () => {
    rig.roster = toRosterText(agents.slice(0, 5));
    await rig.alarms(3);
    const [hold] = (await rig.status()).holds;
    expect(rig.logged("hold.began")).toEqual([
      { id: hold?.id, kind: "roster", subject: "roster", detail: "the roster shrank from 10 to 5 agents" },
    ]);
    expect(rig.logged("hold.ended")).toEqual([]);
    rig.roster = toRosterText(agents);
    await rig.alarms(2);
    expect(rig.logged("hold.ended")).toEqual([{ id: hold?.id, kind: "roster", subject: "roster" }]);
  });

  it("says when each reason to call the board degraded begins and ends, once, with what to do", async () => {
    const since = rig.nowMs;
    rig.upstream.intercept = (call) => (isAbout("bitcoin", call) ? respond(503) : undefined);
    await rig.run(20);
    expect(rig.logged("degraded.began")).toEqual([
      {
        reason: "lane-silent",
        subject: "bitcoin",
        since,
        why: expect.stringContaining("the bitcoin lane has had no complete answer for"),
        command: "status",
      },
      expect.objectContaining({ reason: "lane-aging", subject: "bitcoin", since }),
    ]);
    expect(rig.logged("degraded.ended")).toEqual([]);
    rig.upstream.intercept = () => undefined;
    await rig.run(15);
    expect(
      rig
        .logged("degraded.ended")
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(["lane-aging", "lane-silent"]);
    expect((await rig.status()).freshness.status).toBe("ok");
    for (const { reason } of rig.logged("degraded.began")) expect(REASON_CODES).toContain(reason);
  });

  it("says so when the database does not answer, and when it does again", async () => {
    rig.isDatabaseDown = true;
    await rig.alarms(2);
    expect(rig.logged("degraded.began").map(({ reason }) => reason)).toEqual(["unreachable"]);
    rig.isDatabaseDown = false;
    await rig.alarm();
    expect(rig.logged("degraded.ended").map(({ reason }) => reason)).toEqual(["unreachable"]);
  });

  it("says of a pause that it began and ended, though no tick runs", async () => {
    await rig.pause({ until: rig.nowMs + 25 * MINUTE_MS, reason: "a look" });
    await rig.fire();
    expect(rig.logged("degraded.began")).toMatchObject([{ reason: "paused", command: "resume" }]);
    await rig.fire();
    await rig.fire();
    await rig.alarm();
    expect(rig.logged("degraded.ended").map(({ reason }) => reason)).toContain("paused");
  });

  it("goes on where an object that died left off: what stands is not told again", async () => {
    rig.roster = toRosterText(agents.slice(0, 5));
    await rig.alarm();
    rig.crash().catch(() => {});
    await rig.alarms(2);
    expect(rig.logged("hold.began").length).toBe(1);
    expect(rig.logged("degraded.began").length).toBe(1);
  });
});

describe("an operator's action", () => {
  const act = {
    tick: () => rig.tick({ reason: "to see" }),
    pause: () => rig.pause({ reason: "to see" }),
    resume: () => rig.resume({ reason: "to see" }),
    reset: () => rig.reset({ reason: "to see" }),
    accept: async () => {
      rig.roster = toRosterText(agents.slice(0, 5));
      await rig.alarm();
      const [hold] = (await rig.status()).holds;
      return rig.accept(hold?.id ?? "", { reason: "to see" });
    },
  };
  const actions = Object.keys(act) as (keyof typeof act)[];

  it.each(actions)("is logged and written to the audit log, with its reason (%s)", async (action) => {
    await act[action]();
    expect(rig.logged("operator.acted")).toMatchObject([{ action, reason: "to see" }]);
    expect(await listOperatorActions(db, 10)).toMatchObject([
      { action, reason: "to see", at: rig.nowMs, outcome: rig.logged("operator.acted")[0]?.outcome },
    ]);
  });

  it.each(actions)("is written once the database answers again, when it was down at first (%s)", async (action) => {
    if (action === "accept") {
      rig.roster = toRosterText(agents.slice(0, 5));
      await rig.alarm();
    }
    rig.isDatabaseDown = true;
    const actedAt = rig.nowMs;
    if (action === "accept") await rig.accept((await rig.status()).holds[0]?.id ?? "", { reason: "to see" });
    else await act[action]();
    expect(rig.logged("operator.unwritten").length).toBeGreaterThan(0);
    expect(await listOperatorActions(db, 10)).toEqual([]);
    rig.isDatabaseDown = false;
    await rig.fire();
    await rig.fire();
    expect(await listOperatorActions(db, 10)).toMatchObject([{ action, reason: "to see", at: actedAt }]);
  });

  it("is written once, though the answer to the write was lost", async () => {
    rig.wrapStore = (store) => ({
      ...store,
      writeActions: async (...args) => {
        await store.writeActions(...args);
        throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    await rig.reset({ reason: "to see" });
    rig.wrapStore = (store) => store;
    await rig.alarms(2);
    expect((await listOperatorActions(db, 10)).length).toBe(1);
  });

  it("during a tick is not undone by what the tick saves", async () => {
    rig.upstream.intercept = () => {
      void rig.rebuild.pause({ reason: "now" });
      rig.upstream.intercept = () => undefined;
      return undefined;
    };
    await rig.alarm();
    expect((await rig.status()).paused).toMatchObject({ reason: "now" });
    expect(await listOperatorActions(db, 10)).toMatchObject([{ action: "pause" }]);
  });

  it("that names nothing is logged, and is no entry of the audit log", async () => {
    expect(await rig.accept("fall-nothing")).toEqual({ ok: false, reason: "unknown-id" });
    expect(rig.logged("operator.acted")).toMatchObject([{ action: "accept", outcome: "unknown-id" }]);
    expect(await listOperatorActions(db, 10)).toEqual([]);
  });
});
