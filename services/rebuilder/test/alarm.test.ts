import { beforeEach, describe, expect, it } from "vitest";
import { FETCH_DEADLINE_MS } from "../src/tick/fetch.ts";
import { STORE_CALL_TIMEOUT_MS, type Store } from "../src/tick/store.ts";
import { makeAgents } from "./agents.ts";
import { readCommits, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const TICK_DEADLINE_MS = 150_000;
const HOUR_MS = 60 * MINUTE_MS;
const WATCHDOG_MS = 3 * MINUTE_MS;
const ACTIVE_MS = 2 * MINUTE_MS;
const IDLE_MS = 10 * MINUTE_MS;
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(makeAgents(10));
  giveCoins(rig, rig.agents);
});

describe("the alarm of a tick", () => {
  it("is set to the watchdog before the tick writes, reads or asks anything", async () => {
    const calls: string[] = [];
    rig.storage.before = (call) => void calls.push(call);
    let duringFetch: number | null = null;
    rig.upstream.intercept = () => {
      duringFetch ??= rig.storage.alarmAt;
      return undefined;
    };
    const { startedAt } = await rig.alarm();
    expect(calls.find((call) => call !== "get")).toBe("setAlarm");
    expect(duringFetch).toBe(startedAt + WATCHDOG_MS);
  });

  it("is counted from the tick's start", async () => {
    rig.latency = () => 4_000;
    const report = await rig.alarm();
    expect(report.durationMs).toBeGreaterThan(4_000);
    expect(rig.storage.alarmAt).toBe(report.startedAt + ACTIVE_MS);
  });

  it("is always at least a second ahead, however long the tick took", async () => {
    rig = createRig(makeAgents(10), { vars: { ALARM_INTERVAL_ACTIVE_MS: "1000" } });
    rig.latency = () => 4_000;
    const report = await rig.alarm();
    expect(report.nextIntervalMs).toBe(1_000);
    expect(rig.storage.alarmAt).toBe(rig.nowMs + 1_000);
  });

  const steps = ["readPlan", "getListedAgents", "listAgentsAfter", "getStored", "commit"] as const;

  it.each(steps.flatMap((step) => ["throws", "hangs"].map((fault) => [step, fault] as const)))(
    "is ahead after a tick whose %s %s, and the next one catches up",
    async (step, fault) => {
      await rig.alarm();
      if (step === "getListedAgents") rig.nowMs += 11 * MINUTE_MS; // so that the roster is due
      const end = () =>
        fault === "hangs"
          ? new Promise<never>(() => {})
          : Promise.reject(new Error("D1_ERROR: database is locked: SQLITE_BUSY"));
      rig.wrapStore = (store) => ({ ...store, [step]: end, findTickId: end }) as Store;
      const report = await rig.alarm();
      expect(report.outcome).toBe("commit-failed");
      expect(report.error).toMatch(fault === "hangs" ? `took longer than ${STORE_CALL_TIMEOUT_MS} ms` : "SQLITE_BUSY");
      expect(rig.storage.alarmAt).toBe(Math.max(report.startedAt + ACTIVE_MS, rig.nowMs + 1_000));
      rig.wrapStore = (store) => store;
      expect(await rig.alarm()).toMatchObject({ outcome: "committed", agents: 10 });
    },
  );

  it("comes slower after two ticks in a row that were not committed, and as fast as ever after one that was", async () => {
    rig.isDatabaseDown = true;
    const reports = await rig.alarms(3);
    expect(reports.map(({ nextIntervalMs }) => nextIntervalMs)).toEqual([ACTIVE_MS, IDLE_MS, IDLE_MS]);
    expect((await rig.status()).intervalReason).toBe("3 ticks in a row were not committed");
    rig.isDatabaseDown = false;
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", nextIntervalMs: ACTIVE_MS });
  });

  it("is ahead while the roster cannot be read, and the last one serves", async () => {
    await rig.alarm();
    rig.nowMs += 11 * MINUTE_MS;
    rig.readRoster = () => Promise.reject(new Error("KV is down"));
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", agents: 10 });
    rig.readRoster = () => new Promise(() => {});
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", agents: 10 });
    expect((await rig.status()).roster).toMatchObject({ source: "kept", problem: expect.stringContaining("8000 ms") });
  });

  it("is ahead after ticks that throw, however often, which the status counts", async () => {
    await rig.alarm();
    rig.beforeLock = () => Promise.reject(new Error("a bug"));
    for (let run = 1; run <= 8; run++) {
      await rig.fire();
      expect(rig.storage.alarmAt).toBe(rig.nowMs + IDLE_MS);
    }
    const status = await rig.status();
    expect(status.lastTick).toMatchObject({ outcome: "failed", error: "a bug" });
    expect(status).toMatchObject({ consecutiveFailures: 8, counters: { ticks: { committed: 1, failed: 8 } } });
  });

  it("is ahead while the configuration is broken, which the status names", async () => {
    rig.vars.HIRO_API_URL = "nowhere";
    await rig.fire();
    expect(rig.storage.alarmAt).toBe(rig.nowMs + IDLE_MS);
    expect((await rig.status()).configProblem).toBe("missing or malformed vars: HIRO_API_URL");
    delete rig.vars.HIRO_API_URL;
    expect(await rig.alarm()).toMatchObject({ outcome: "committed" });
  });
});

describe("a tick that hangs", () => {
  it("at its upstreams commits what is there at the fetch deadline, and those left out come first next time", async () => {
    rig.upstream.intercept = ({ address }) =>
      address === rig.agents[5]?.stxAddress ? new Promise<Response>(() => {}) : undefined;
    rig.latency = () => 7_000; // below the limit of a call
    const report = await rig.alarm();
    expect(report.outcome).toBe("committed");
    expect(report.durationMs).toBeLessThanOrEqual(FETCH_DEADLINE_MS + 10_000);
    expect(report.lanes.stacks).toMatchObject({ asked: 10, failed: 1 });
  });

  it("is given up, and does not swallow the alarms that follow", async () => {
    rig.beforeLock = () => new Promise(() => {});
    await rig.fire();
    expect(rig.nowMs).toBeGreaterThanOrEqual(TICK_DEADLINE_MS);
    expect((await rig.status()).lastTick).toMatchObject({ outcome: "given-up" });
    rig.beforeLock = async () => {};
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", agents: 10 });
  });
});

describe.each([
  ["lost", (): number | null => null],
  ["stuck in the past", () => rig.nowMs - WATCHDOG_MS - 1],
  ["further ahead than any interval", () => rig.nowMs + IDLE_MS + WATCHDOG_MS + 1],
] as const)("an alarm that is %s", (_, toAlarm) => {
  it.each(["status", "tick", "accept", "reset", "resume", "ensureAlarm"] as const)(
    "is set again by %s()",
    async (method) => {
      await rig.alarm();
      rig.storage.alarmAt = toAlarm();
      if (method === "accept") await rig.accept("unknown");
      else await rig[method]();
      expect(rig.storage.alarmAt).toBeGreaterThanOrEqual(rig.nowMs + 1_000);
      expect(rig.storage.alarmAt).toBeLessThanOrEqual(rig.nowMs + IDLE_MS);
    },
  );

  it("is set again by pause()", async () => {
    rig.storage.alarmAt = toAlarm();
    const status = await rig.pause({ reason: "maintenance" });
    expect(status.alarmAt).toBe(rig.nowMs + 1_000);
    expect(status.watchdogRearms).toBe(1);
    expect(rig.logged("alarm.rearmed").length).toBe(1);
  });
});

describe("an alarm that is ahead", () => {
  it("is left alone", async () => {
    await rig.alarm();
    const { alarmAt } = rig.storage;
    expect(await rig.ensureAlarm()).toEqual({ alarmAt, rearmed: false });
    rig.nowMs = (alarmAt ?? 0) + WATCHDOG_MS; // late, but it may be firing now
    expect(await rig.ensureAlarm()).toEqual({ alarmAt, rearmed: false });
  });

  it("is left alone while a tick runs, which sets it itself", async () => {
    let answer: unknown;
    rig.upstream.intercept = () => {
      rig.storage.alarmAt = null;
      rig.rebuild.ensureAlarm().then((given) => {
        answer = given;
      });
      rig.upstream.intercept = () => undefined;
      return undefined;
    };
    await rig.alarm();
    expect(answer).toEqual({ alarmAt: null, rearmed: false });
  });
});

describe("a forced tick", () => {
  it("joins the tick that runs", async () => {
    let forced: ReturnType<Rig["rebuild"]["tick"]> | undefined;
    rig.upstream.intercept = () => {
      forced ??= rig.rebuild.tick();
      return undefined;
    };
    const report = await rig.alarm();
    expect(await forced).toMatchObject({ ok: true, joined: true, report: { tickId: report.tickId } });
    expect((await readCommits()).length).toBe(1);
  });

  it("answers with its report", async () => {
    expect(await rig.tick()).toMatchObject({ ok: true, joined: false, report: { trigger: "forced", epoch: 1 } });
  });

  it("that fails answers with what is known of it", async () => {
    await rig.alarm();
    rig.beforeLock = () => Promise.reject(new Error("the lock is broken"));
    expect(await rig.tick()).toMatchObject({ ok: true, report: { outcome: "failed", error: "the lock is broken" } });
    expect(rig.storage.alarmAt).toBe(rig.nowMs + IDLE_MS);
  });

  it("keeps its spacing and its number a day, which no resume gets round", async () => {
    rig.vars.FORCED_TICK_SPACING_MS = "60000";
    rig.vars.FORCED_TICKS_PER_DAY = "2";
    expect(await rig.tick()).toMatchObject({ ok: true });
    await rig.pause({});
    await rig.resume();
    expect(await rig.tick()).toEqual({ ok: false, reason: "too-soon", retryAfterMs: 60_000 });
    rig.nowMs += 60_000;
    expect(await rig.tick()).toMatchObject({ ok: true });
    rig.nowMs += 60_000;
    expect(await rig.tick()).toMatchObject({ ok: false, reason: "daily-limit" });
    rig.nowMs += 12 * HOUR_MS;
    expect(await rig.tick()).toMatchObject({ ok: true });
  });
});

describe("a pause", () => {
  it("starts no tick, forced ones neither, and keeps the alarm armed", async () => {
    await rig.alarm();
    expect(await rig.pause({ reason: "maintenance" })).toMatchObject({
      state: "paused",
      paused: { reason: "maintenance", until: null },
    });
    expect(await rig.tick()).toEqual({ ok: false, reason: "paused" });
    for (let run = 0; run < 3; run++) {
      await rig.fire();
      expect(rig.storage.alarmAt).toBe(rig.nowMs + IDLE_MS);
    }
    expect((await readCommits()).length).toBe(1);
    expect((await rig.resume()).state).toBe("idle");
    expect(rig.storage.alarmAt).toBe(rig.nowMs + 1_000);
    expect(await rig.alarm()).toMatchObject({ outcome: "committed" });
  });

  it("with an end wakes at its end and goes on by itself", async () => {
    await rig.alarm();
    const until = rig.nowMs + 5 * MINUTE_MS;
    await rig.pause({ until });
    await rig.fire();
    expect(rig.storage.alarmAt).toBe(until);
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", startedAt: until });
    expect((await rig.status()).state).toBe("idle");
  });

  it("lets the tick that runs commit", async () => {
    rig.upstream.intercept = () => {
      void rig.rebuild.pause({});
      rig.upstream.intercept = () => undefined;
      return undefined;
    };
    expect(await rig.alarm()).toMatchObject({ outcome: "committed" });
    await rig.fire();
    expect((await readCommits()).length).toBe(1);
  });
});

describe("a reset", () => {
  it("begins a new rotation on both lanes, loses nothing and reads the roster", async () => {
    rig = createRig(makeAgents(30), { vars: { CHUNK_SIZE: "10" } });
    await rig.alarm();
    await rig.reset();
    const { lanes } = await rig.alarm();
    for (const lane of [lanes.stacks, lanes.bitcoin]) expect(lane).toMatchObject({ rotation: 2, cursorBefore: "" });
    expect(rig.rosterReads).toBe(2);
    expect((await rig.alarm()).lanes.stacks).toMatchObject({ rotation: 2, cursorBefore: rig.agents[9]?.stxAddress });
  });

  it("during a tick counts for the next one", async () => {
    rig = createRig(makeAgents(30), { vars: { CHUNK_SIZE: "10" } });
    rig.upstream.intercept = () => {
      void rig.rebuild.reset();
      rig.upstream.intercept = () => undefined;
      return undefined;
    };
    await rig.alarm();
    expect((await rig.alarm()).lanes.stacks).toMatchObject({ rotation: 2, cursorBefore: "" });
  });
});

it("waits at least as long as a host says, when neither lane can ask", async () => {
  rig.upstream.intercept = ({ address }) => (address ? respond(429, { "retry-after": "1800" }) : undefined);
  const report = await rig.alarm();
  expect(report).toMatchObject({ agents: 0, nextIntervalMs: 1_800_000 });
  expect((await rig.status()).intervalReason).toContain("neither lane can ask");
});
