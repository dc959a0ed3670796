import type { Clock } from "@standings/balances";
import type {
  AcceptAnswer,
  RebuilderApi,
  RebuilderStatus,
  TickAnswer,
  TickReport,
  TickTrigger,
} from "../contract/status.ts";
import type { Config } from "../env.ts";
import type { log } from "../log.ts";
import { DeadlineError, withDeadline } from "../tick/deadline.ts";
import { isAlarmLost, toAlarmTime } from "../tick/interval.ts";
import { toLostReport } from "../tick/report.ts";
import { runTick } from "../tick/run-tick.ts";
import { describeError, type Memory, type TickDeps } from "../tick/tick.ts";
import { allowForcedTick } from "./forced-ticks.ts";
import {
  type Control,
  isPaused,
  KEPT_ACCEPTED_IDS,
  KEPT_TICK_REPORTS,
  NEW_CONTROL,
  NEW_STATE,
  NEW_UNFINISHED,
  type RebuildState,
  type Unfinished,
} from "./state.ts";
import { type DatabaseStatus, toStatus } from "./to-status.ts";

/** Spans a whole tick, plan included: past it the tick is given up, so that a hung await cannot swallow later ones. */
export const TICK_DEADLINE_MS = 150_000;

/** What a broken configuration leaves to go by until it is mended: slow, but armed. */
const UNCONFIGURED = { idleMs: 600_000, watchdogMs: 180_000, forcedTicks: { spacingMs: 0, perDay: 0 } };

/** What the platform gives the rebuild; a simulation gives the same from memory. */
export interface RebuildDeps extends Omit<TickDeps, "config" | "memory" | "givenUp"> {
  storage: Pick<DurableObjectStorage, "get" | "put" | "getAlarm" | "setAlarm">;
  clock: Clock;
  /** Throws when the vars are missing or malformed. */
  getConfig(): Config;
  readDatabaseStatus(): Promise<DatabaseStatus | null>;
  /** Tells whoever watches from outside that a tick has committed. */
  sendHeartbeat(): Promise<void>;
  log: typeof log;
}

export interface Rebuild extends RebuilderApi {
  alarm(): Promise<void>;
}

/** The rebuild of the board: ticks one at a time, each ended with an alarm ahead, and what operators may do. */
export function createRebuild(deps: RebuildDeps): Rebuild {
  const { storage, clock, log } = deps;
  let running: Promise<TickReport> | undefined;

  const getState = async () => (await storage.get<RebuildState>("state")) ?? NEW_STATE;
  const getControl = async () => (await storage.get<Control>("control")) ?? NEW_CONTROL;
  const getUnfinished = async () => (await storage.get<Unfinished>("unfinished")) ?? NEW_UNFINISHED;
  const setControl = async (changes: Partial<Control>) => {
    await storage.put("control", { ...(await getControl()), ...changes });
  };

  const memory: Memory = {
    load: async () => ({ state: await getState(), control: await getControl(), unfinished: await getUnfinished() }),
    save: async (state, alarmAt) => {
      // No await in between: the writes are one.
      await Promise.all([storage.put({ state, unfinished: NEW_UNFINISHED }), storage.setAlarm(alarmAt)]);
    },
  };

  const getIntervals = (): Pick<Config, "idleMs" | "watchdogMs" | "forcedTicks"> => {
    try {
      return deps.getConfig();
    } catch {
      return UNCONFIGURED; // the tick itself says which vars are wrong
    }
  };

  const rearmAfterFailure = () => storage.setAlarm(toAlarmTime(clock.now(), getIntervals().idleMs));

  const runOneTick = async (trigger: TickTrigger): Promise<TickReport> => {
    const startedAt = clock.now();
    const givenUp = new AbortController();
    try {
      await storage.setAlarm(toAlarmTime(startedAt, getIntervals().watchdogMs));
      const config = deps.getConfig();
      const { cursor } = await getState();
      const { count, cursor: lastCursor } = await getUnfinished();
      await storage.put("unfinished", { cursor, count: cursor === lastCursor ? count + 1 : 1 });
      const tick = runTick(trigger, { ...deps, config, memory, givenUp: givenUp.signal });
      const report = await withDeadline(clock, "the tick", TICK_DEADLINE_MS, tick);
      log(report.outcome === "committed" ? "info" : "warn", "tick.ended", { ...report });
      if (report.outcome === "committed") {
        // Not awaited: whoever watches must not hold up what is watched.
        deps.sendHeartbeat().catch((error) => log("warn", "heartbeat.failed", { error: describeError(error) }));
      }
      return report;
    } catch (error) {
      givenUp.abort();
      const state = await getState();
      const outcome = error instanceof DeadlineError ? "given-up" : "failed";
      const lost = { trigger, startedAt, outcome, error: describeError(error), nowMs: clock.now() } as const;
      const ticks = [toLostReport(lost, state), ...state.ticks].slice(0, KEPT_TICK_REPORTS);
      await storage.put("state", { ...state, ticks, failedCommits: state.failedCommits + 1 });
      throw error;
    }
  };

  /** One tick at a time: whoever comes while one is running joins it. */
  const tick = (trigger: TickTrigger): Promise<TickReport> => {
    running ??= runOneTick(trigger).finally(() => {
      running = undefined;
    });
    return running;
  };

  const rebuild: Rebuild = {
    async alarm(): Promise<void> {
      try {
        const control = await getControl();
        const nowMs = clock.now();
        if (isPaused(control, nowMs)) {
          const untilMs = (control.paused?.until ?? Number.POSITIVE_INFINITY) - nowMs;
          await storage.setAlarm(toAlarmTime(nowMs, Math.min(untilMs, getIntervals().idleMs)));
          return;
        }
        await tick("alarm");
      } catch (error) {
        // An alarm that keeps throwing is dropped by the platform for good after its seventh try.
        log("error", "tick.failed", { error: describeError(error) });
        await rearmAfterFailure();
      }
    },

    async tick(): Promise<TickAnswer> {
      if (isPaused(await getControl(), clock.now())) {
        await rebuild.ensureAlarm();
        return { ok: false, reason: "paused" };
      }
      const joined = running !== undefined;
      if (!joined) {
        const { forced } = await getControl();
        const allowed = allowForcedTick(forced, getIntervals().forcedTicks, clock.now());
        if (!allowed.ok) return { ok: false, reason: allowed.reason, retryAfterMs: allowed.retryAfterMs };
        await setControl({ forced: allowed.forced });
      }
      try {
        return { ok: true, report: await tick("forced"), joined };
      } catch (error) {
        log("error", "tick.failed", { error: describeError(error) });
        await rearmAfterFailure();
        const report = (await getState()).ticks[0];
        if (!report) throw error;
        return { ok: true, report, joined };
      }
    },

    async status(): Promise<RebuilderStatus> {
      await rebuild.ensureAlarm();
      const [state, control, unfinished, alarmAt, database] = await Promise.all([
        getState(),
        getControl(),
        getUnfinished(),
        storage.getAlarm(),
        deps.readDatabaseStatus(),
      ]);
      const isRunning = running !== undefined;
      let config: Config | null = null;
      let configProblem: string | null = null;
      try {
        config = deps.getConfig();
      } catch (error) {
        configProblem = describeError(error);
      }
      const nowMs = clock.now();
      return toStatus({ state, control, unfinished, config, configProblem, alarmAt, isRunning, nowMs }, database);
    },

    async pause({ until, reason }): Promise<RebuilderStatus> {
      await setControl({ paused: { since: clock.now(), until: until ?? null, reason: reason ?? null } });
      return rebuild.status();
    },

    async resume(): Promise<RebuilderStatus> {
      await setControl({ paused: null });
      await storage.setAlarm(toAlarmTime(clock.now(), 0));
      return rebuild.status();
    },

    async reset(): Promise<RebuilderStatus> {
      // Left for the next tick to see: a running one saves its own place and would undo a change to it.
      const { resets } = await getControl();
      await setControl({ resets: resets + 1 });
      return rebuild.status();
    },

    async accept(id: string): Promise<AcceptAnswer> {
      await rebuild.ensureAlarm();
      const { roster, quarantines } = await getState();
      const isHeld = roster.held?.id === id || quarantines.some((quarantine) => quarantine.id === id);
      if (!isHeld) return { ok: false, reason: "unknown-id" };
      const { acceptedIds } = await getControl();
      await setControl({ acceptedIds: [id, ...acceptedIds].slice(0, KEPT_ACCEPTED_IDS) });
      return { ok: true };
    },

    async ensureAlarm(): Promise<{ alarmAt: number | null; rearmed: boolean }> {
      const alarmAt = await storage.getAlarm();
      const { idleMs, watchdogMs } = getIntervals();
      const longestMs = Math.max(idleMs, (await getState()).interval.ms);
      const isLost = isAlarmLost(alarmAt, clock.now(), { watchdogMs, longestMs });
      if (running || !isLost) return { alarmAt, rearmed: false };
      const armedAt = toAlarmTime(clock.now(), 0);
      await storage.setAlarm(armedAt);
      const { watchdogRearms } = await getControl();
      await setControl({ watchdogRearms: watchdogRearms + 1 });
      log("warn", "alarm.rearmed", { was: alarmAt, alarmAt: armedAt });
      return { alarmAt: armedAt, rearmed: true };
    },
  };
  return rebuild;
}
