import {
  createExecutionContext,
  createScheduledController,
  runDurableObjectAlarm,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { getRebuild } from "../src/rpc.ts";
import { ROSTER_KEY } from "../src/safeguards/roster-shrink.ts";
import worker from "../src/worker.ts";
import { makeAgents, toRosterText } from "./agents.ts";
import { createFakeUpstreams, type FakeUpstreams } from "./fake-upstreams.ts";
import { db, wipeDatabase } from "./rig.ts";

const HOUR_MS = 3_600_000;
let upstreams: FakeUpstreams;

beforeEach(async () => {
  await wipeDatabase();
  await runInDurableObject(getRebuild(env), async (_object, { storage }) => storage.deleteAll());
  await env.VERIFIED_AGENTS.put(ROSTER_KEY, toRosterText(makeAgents(8)));
  upstreams = createFakeUpstreams();
  vi.spyOn(globalThis, "fetch").mockImplementation(upstreams.fetch);
});
afterEach(() => vi.restoreAllMocks());

describe("the alarm", () => {
  it("runs a tick and is set again", async () => {
    await arm();
    expect(await runDurableObjectAlarm(getRebuild(env))).toBe(true);
    const status = await getRebuild(env).status();
    expect(status.lastTick).toMatchObject({ outcome: "committed", trigger: "alarm", agents: 8 });
    expect(status.publication).toMatchObject({ version: 1, agents: 8, coveragePercent: 100 });
    expect(await alarmIn()).toBeGreaterThan(1_000);
  });

  it("is set to the watchdog before anything else of a tick happens", async () => {
    await arm();
    let during: number | null = null;
    upstreams.intercept = () => {
      during ??= -1;
      return undefined;
    };
    vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
      if (during === null) {
        during = await runInDurableObject(getRebuild(env), (_object, { storage }) => storage.getAlarm());
      }
      return upstreams.fetch(input, init);
    });
    const before = Date.now();
    await runDurableObjectAlarm(getRebuild(env));
    expect(during).toBeGreaterThanOrEqual(before + Number(env.ALARM_WATCHDOG_MS));
  });

  it("is set again after ticks that throw, however often", async () => {
    await env.VERIFIED_AGENTS.put(ROSTER_KEY, toRosterText(makeAgents(8)));
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(crypto, "randomUUID").mockImplementation(() => {
      throw new Error("a bug");
    });
    for (let run = 0; run < 8; run++) {
      await arm();
      expect(await runDurableObjectAlarm(getRebuild(env))).toBe(true);
      expect(await alarmIn()).toBeGreaterThan(1_000);
    }
    const status = await getRebuild(env).status();
    expect(status.lastTick).toMatchObject({ outcome: "failed", error: "a bug" });
    expect(status.consecutiveFailures).toBe(8);
  });

  it("is set again when the database does not have the tables", async () => {
    await arm();
    await env.DB.prepare("ALTER TABLE tick_commits RENAME TO hidden").run();
    try {
      vi.spyOn(console, "warn").mockImplementation(() => {});
      await runDurableObjectAlarm(getRebuild(env));
      expect(await alarmIn()).toBeGreaterThan(1_000);
      expect((await getRebuild(env).status()).lastTick).toMatchObject({
        outcome: "not-migrated",
        error: expect.stringContaining("apply the migrations"),
      });
    } finally {
      await env.DB.prepare("ALTER TABLE hidden RENAME TO tick_commits").run();
    }
  });

  describe.each(["lost", "overdue", "too far ahead"] as const)("when it is %s", (fault) => {
    beforeEach(async () => {
      await setAlarm(fault === "lost" ? null : Date.now() + HOUR_MS);
      // workerd moves a past alarm to the present, so it is time that moves instead.
      if (fault === "overdue") vi.spyOn(Date, "now").mockReturnValue(Date.now() + 2 * HOUR_MS);
    });

    it("is repaired by the cron", async () => {
      const context = createExecutionContext();
      const controller = createScheduledController({ scheduledTime: new Date(), cron: "*/5 * * * *" });
      await worker.scheduled(controller, env);
      await waitOnExecutionContext(context);
      expect(await alarmIn()).toBeGreaterThan(0);
      expect(await alarmIn()).toBeLessThan(HOUR_MS);
    });

    it.each(["status", "tick", "ensureAlarm", "accept"] as const)("is repaired by the RPC %s()", async (method) => {
      await exports.RebuilderRpc[method]("unknown");
      expect(await alarmIn()).toBeGreaterThan(0);
    });
  });

  it("is left alone while it is ahead", async () => {
    const at = Date.now() + Number(env.ALARM_INTERVAL_IDLE_MS);
    await setAlarm(at);
    expect(await getRebuild(env).ensureAlarm()).toEqual({ alarmAt: at, rearmed: false });
  });
});

describe("a forced tick", () => {
  it("answers with its report", async () => {
    const answer = await exports.RebuilderRpc.tick();
    expect(answer).toMatchObject({ ok: true, joined: false, report: { trigger: "forced", agents: 8, epoch: 1 } });
  });

  it("joins a running tick instead of starting another", async () => {
    const gate = Promise.withResolvers<void>();
    vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
      await gate.promise;
      return upstreams.fetch(input, init);
    });
    const first = getRebuild(env).tick();
    const second = getRebuild(env).tick();
    await vi.waitFor(async () => expect((await getRebuild(env).status()).state).toBe("running"));
    gate.resolve();
    const answers = [await first, await second];
    expect(answers.map((answer) => answer.ok && answer.joined).sort()).toEqual([false, true]);
    expect(new Set(answers.map((answer) => answer.ok && answer.report.tickId)).size).toBe(1);
    expect((await db.selectFrom("tick_commits").selectAll().execute()).length).toBe(1);
  });
});

describe("forced ticks", () => {
  const limits = { FORCED_TICK_SPACING_MS: env.FORCED_TICK_SPACING_MS, FORCED_TICKS_PER_DAY: env.FORCED_TICKS_PER_DAY };
  afterEach(() => runInDurableObject(getRebuild(env), (object) => void Object.assign(envOf(object), limits)));

  it("keep their spacing and their number a day where these are set", async () => {
    await runInDurableObject(getRebuild(env), (object) => {
      Object.assign(envOf(object), { FORCED_TICK_SPACING_MS: "60000", FORCED_TICKS_PER_DAY: "2" });
    });
    expect(await getRebuild(env).tick()).toMatchObject({ ok: true });
    expect(await getRebuild(env).tick()).toMatchObject({ ok: false, reason: "too-soon" });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
    expect(await getRebuild(env).tick()).toMatchObject({ ok: true });
    vi.mocked(Date.now).mockReturnValue(Date.now() + 60_000);
    expect(await getRebuild(env).tick()).toMatchObject({ ok: false, reason: "daily-limit" });
  });
});

describe("the dead man's switch", () => {
  const heartbeats = () => upstreams.calls.filter((call) => call.path === "/beat?token=secret").length;

  beforeEach(async () => {
    await runInDurableObject(getRebuild(env), (object) => {
      Object.assign(envOf(object), { HEARTBEAT_URL: "https://mempool.space/beat?token=secret" });
    });
  });
  afterEach(() =>
    runInDurableObject(getRebuild(env), (object) => void Object.assign(envOf(object), { HEARTBEAT_URL: "" })),
  );

  it("is told of a tick that committed, and of no other", async () => {
    await getRebuild(env).tick();
    await vi.waitFor(() => expect(heartbeats()).toBe(1));
    await env.DB.prepare("ALTER TABLE tick_commits RENAME TO hidden").run();
    try {
      vi.spyOn(console, "warn").mockImplementation(() => {});
      expect(await getRebuild(env).tick()).toMatchObject({ report: { outcome: "not-migrated" } });
      expect(heartbeats()).toBe(1);
    } finally {
      await env.DB.prepare("ALTER TABLE hidden RENAME TO tick_commits").run();
    }
  });

  it("harms no tick when it fails, and its address stays out of the log", async () => {
    upstreams.intercept = ({ path }) => (path.startsWith("/beat") ? new Response("", { status: 500 }) : undefined);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await getRebuild(env).tick()).toMatchObject({ report: { outcome: "committed" } });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining("heartbeat.failed")));
    expect(JSON.stringify(warn.mock.calls)).not.toContain("secret");
  });
});

describe("a broken configuration", () => {
  it("is named by status, and leaves an alarm", async () => {
    const { HIRO_API_URL } = env;
    await runInDurableObject(
      getRebuild(env),
      (object) => void Object.assign(envOf(object), { HIRO_API_URL: "nowhere" }),
    );
    try {
      await arm();
      vi.spyOn(console, "error").mockImplementation(() => {});
      await runDurableObjectAlarm(getRebuild(env));
      expect(await alarmIn()).toBeGreaterThan(1_000);
      expect((await getRebuild(env).status()).configProblem).toBe("missing or malformed vars: HIRO_API_URL");
    } finally {
      await runInDurableObject(getRebuild(env), (object) => void Object.assign(envOf(object), { HIRO_API_URL }));
    }
  });
});

describe("operators", () => {
  it("pause ticks, forced ones too, with the alarm still armed, and resume them", async () => {
    expect((await getRebuild(env).pause({ reason: "maintenance" })).state).toBe("paused");
    expect(await getRebuild(env).tick()).toEqual({ ok: false, reason: "paused" });
    await arm();
    await runDurableObjectAlarm(getRebuild(env));
    expect(await alarmIn()).toBeGreaterThan(1_000);
    expect(await db.selectFrom("tick_commits").selectAll().execute()).toEqual([]);
    expect((await getRebuild(env).resume()).state).toBe("idle");
    expect(await alarmIn()).toBeLessThan(10_000);
    expect(await getRebuild(env).tick()).toMatchObject({ ok: true });
  });

  it("see a pause end by itself at its time", async () => {
    await getRebuild(env).pause({ until: Date.now() + 20 });
    await vi.waitFor(async () => expect((await getRebuild(env).status()).state).toBe("idle"));
    expect(await getRebuild(env).tick()).toMatchObject({ ok: true });
  });

  it("reset to a new rotation without losing a row", async () => {
    await getRebuild(env).tick();
    const before = await db.selectFrom("balances").selectAll().execute();
    await getRebuild(env).reset();
    expect(await db.selectFrom("balances").selectAll().execute()).toEqual(before);
    const answer = await getRebuild(env).tick();
    expect(answer).toMatchObject({ ok: true, report: { rotation: 2, agents: 8 } });
  });

  it("accept only what status names", async () => {
    await getRebuild(env).tick();
    expect(await getRebuild(env).accept("roster-000000000000")).toEqual({ ok: false, reason: "unknown-id" });
    await env.VERIFIED_AGENTS.put(ROSTER_KEY, toRosterText(makeAgents(3)));
    await getRebuild(env).tick();
    const { roster } = await getRebuild(env).status();
    expect(roster).toMatchObject({ source: "kept", held: { accepted: 3, previous: 8 } });
    expect(await getRebuild(env).accept(roster.held?.id ?? "")).toEqual({ ok: true });
    expect(await getRebuild(env).tick()).toMatchObject({ report: { agents: 3 } });
  });
});

describe("the outside", () => {
  it("finds nothing at the rebuilder's own address", async () => {
    expect((await exports.default.fetch("https://rebuilder.example/anything")).status).toBe(404);
  });
});

/** The object's own vars, which are protected to all but tests. */
const envOf = (object: object) => (object as { env: object }).env;

const arm = () => setAlarm(Date.now() + HOUR_MS);

async function setAlarm(at: number | null) {
  await runInDurableObject(getRebuild(env), async (_object, { storage }) => {
    if (at === null) await storage.deleteAlarm();
    else await storage.setAlarm(at);
  });
}

async function alarmIn(): Promise<number> {
  const at = await runInDurableObject(getRebuild(env), (_object, { storage }) => storage.getAlarm());
  return at === null ? Number.NaN : at - Date.now();
}
