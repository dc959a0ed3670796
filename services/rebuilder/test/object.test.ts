import {
  createExecutionContext,
  createScheduledController,
  runDurableObjectAlarm,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { createHosts, createUpstreamFetch, createWorld, type UpstreamFetch } from "@standings/upstream-sim";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig, type Vars } from "../src/config.ts";
import type { DashboardRebuildDO } from "../src/object.ts";
import { getRebuild } from "../src/rpc.ts";
import { ROSTER_KEY } from "../src/safeguards/roster-shrink.ts";
import worker from "../src/worker.ts";
import { makeAgents, toRosterText } from "./agents.ts";
import { db, readCommits, wipeDatabase } from "./database.ts";

// The object as the platform has it: its own storage, alarm, lock, KV and RPC. What the rebuild does is told by the rig.

const HOUR_MS = 3_600_000;
const HEARTBEAT_URL = "https://watch.example/beat?token=secret";
let upstream: UpstreamFetch;

beforeEach(async () => {
  await wipeDatabase();
  await runInDurableObject(getRebuild(env), async (_object, { storage }) => storage.deleteAll());
  await env.VERIFIED_AGENTS.put(ROSTER_KEY, toRosterText(makeAgents(8)));
  upstream = createUpstreamFetch(createHosts(createWorld({ populated: false })), parseConfig(env).baseUrls);
  vi.spyOn(globalThis, "fetch").mockImplementation(upstream.fetch);
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

  it("is set to the watchdog while the tick runs", async () => {
    await arm();
    let during: number | null = null;
    vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
      during ??= await runInDurableObject(getRebuild(env), (_object, { storage }) => storage.getAlarm());
      return upstream.fetch(input, init);
    });
    const before = Date.now();
    await runDurableObjectAlarm(getRebuild(env));
    expect(during).toBeGreaterThanOrEqual(before + Number(env.ALARM_WATCHDOG_MS));
  });

  it("is set again after ticks that throw, however often", async () => {
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

  it("is set again when the database does not have the tables, and the status says what to do", async () => {
    await withoutTables(async () => {
      await arm();
      await runDurableObjectAlarm(getRebuild(env));
      expect(await alarmIn()).toBeGreaterThan(1_000);
      expect((await getRebuild(env).status()).lastTick).toMatchObject({
        outcome: "not-migrated",
        error: expect.stringContaining("apply the migrations"),
      });
    });
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

    it.each(["status", "tick", "ensureAlarm"] as const)("is repaired by the RPC %s()", async (method) => {
      await exports.RebuilderRpc[method]();
      expect(await alarmIn()).toBeGreaterThan(0);
      expect(await alarmIn()).toBeLessThan(HOUR_MS);
    });
  });
});

describe("a forced tick", () => {
  it("answers with its report, over RPC", async () => {
    const answer = await exports.RebuilderRpc.tick({ reason: "to see" });
    expect(answer).toMatchObject({ ok: true, joined: false, report: { trigger: "forced", agents: 8, epoch: 1 } });
    const actions = await db.selectFrom("operator_actions").selectAll().execute();
    expect(actions).toMatchObject([{ action: "tick", reason: "to see", outcome: "begun" }]);
  });

  it("joins a running tick instead of starting another", async () => {
    const gate = Promise.withResolvers<void>();
    vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
      await gate.promise;
      return upstream.fetch(input, init);
    });
    const first = getRebuild(env).tick();
    const second = getRebuild(env).tick();
    await vi.waitFor(async () => expect((await getRebuild(env).status()).state).toBe("running"));
    gate.resolve();
    const answers = [await first, await second];
    expect(answers.map((answer) => answer.ok && answer.joined).sort()).toEqual([false, true]);
    expect(new Set(answers.map((answer) => answer.ok && answer.report.tickId)).size).toBe(1);
    expect((await readCommits()).length).toBe(1);
  });
});

describe("the dead man's switch", () => {
  const beats = () => upstream.calls.filter(({ host, path }) => host === "other" && path === "/beat?token=secret");

  it("is told of a tick that brought good answers, and of no other", async () => {
    upstream.intercept = ({ host }) => (host === "other" ? new Response("") : undefined);
    await withVars({ HEARTBEAT_URL }, async () => {
      await getRebuild(env).tick();
      await vi.waitFor(() => expect(beats().map(({ method }) => method)).toEqual(["POST"]));
      await withoutTables(async () => {
        expect(await getRebuild(env).tick()).toMatchObject({ report: { outcome: "not-migrated" } });
        expect(beats().length).toBe(1);
      });
    });
  });

  it("harms no tick when it fails, and its address stays out of the log", async () => {
    upstream.intercept = ({ host }) => (host === "other" ? new Response("", { status: 500 }) : undefined);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await withVars({ HEARTBEAT_URL }, async () => {
      expect(await getRebuild(env).tick()).toMatchObject({ report: { outcome: "committed" } });
      await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining("heartbeat.failed")));
    });
    expect(JSON.stringify(warn.mock.calls)).not.toContain("secret");
  });
});

it("sends each key to its own host only, and in no address", async () => {
  await withVars({ HIRO_API_KEY: "H", COINGECKO_API_KEY: "C" }, async () => void (await getRebuild(env).tick()));
  expect(new Set(upstream.calls.map(({ host }) => host)).size).toBeGreaterThanOrEqual(4);
  for (const { host, path, headers } of upstream.calls) {
    expect(headers.get("x-api-key")).toBe(host === "hiro" ? "H" : null);
    expect(headers.get("x-cg-demo-api-key")).toBe(host === "coingecko" ? "C" : null);
    expect(path).not.toMatch(/key|token=/);
  }
});

describe("operators", () => {
  it("pause, resume and reset over RPC, and a pause with an end ends by itself", async () => {
    expect((await exports.RebuilderRpc.pause({ reason: "maintenance" })).state).toBe("paused");
    expect(await exports.RebuilderRpc.tick()).toEqual({ ok: false, reason: "paused" });
    expect((await exports.RebuilderRpc.resume()).state).toBe("idle");
    expect(await alarmIn()).toBeLessThan(10_000);
    await exports.RebuilderRpc.pause({ until: Date.now() + 20 });
    await vi.waitFor(async () => expect((await exports.RebuilderRpc.status()).state).toBe("idle"));
    await exports.RebuilderRpc.tick();
    await exports.RebuilderRpc.reset();
    expect(await exports.RebuilderRpc.tick()).toMatchObject({ report: { lanes: { stacks: { rotation: 2 } } } });
  });

  it("accept what the status names, and nothing else", async () => {
    await getRebuild(env).tick();
    expect(await exports.RebuilderRpc.accept("roster-00000000")).toEqual({ ok: false, reason: "unknown-id" });
    await env.VERIFIED_AGENTS.put(ROSTER_KEY, toRosterText(makeAgents(3)));
    await getRebuild(env).reset();
    await getRebuild(env).tick();
    const { holds } = await getRebuild(env).status();
    expect(holds).toMatchObject([{ kind: "roster", detail: "the roster shrank from 8 to 3 agents" }]);
    expect(await exports.RebuilderRpc.accept(holds[0]?.id ?? "")).toEqual({ ok: true });
    expect(await getRebuild(env).tick()).toMatchObject({ report: { agents: 3 } });
  });
});

it("commits inside the platform's lock, while nothing else of the object runs", async () => {
  await arm();
  const locked = await runInDurableObject(getRebuild(env), async (object, state) => {
    const lock = vi.spyOn(state, "blockConcurrencyWhile");
    await (object as unknown as DashboardRebuildDO).alarm();
    return lock.mock.calls.length;
  });
  expect(locked).toBe(1);
  expect((await readCommits()).length).toBe(1);
});

it("shows nothing at the rebuilder's own address", async () => {
  expect((await exports.default.fetch("https://rebuilder.example/anything")).status).toBe(404);
});

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

async function withoutTables(run: () => Promise<void>): Promise<void> {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await env.DB.prepare("ALTER TABLE tick_commits RENAME TO hidden").run();
  try {
    await run();
  } finally {
    await env.DB.prepare("ALTER TABLE hidden RENAME TO tick_commits").run();
  }
}

/** The object's own vars and secrets, which are protected to all but tests. */
async function withVars(vars: Partial<Vars>, run: () => Promise<void>): Promise<void> {
  const set = (values: object) =>
    runInDurableObject(
      getRebuild(env),
      (object) => void Object.assign((object as unknown as { env: object }).env, values),
    );
  const before = Object.fromEntries(Object.keys(vars).map((name) => [name, env[name as keyof Vars]]));
  await set(vars);
  try {
    await run();
  } finally {
    await set(before);
  }
}
