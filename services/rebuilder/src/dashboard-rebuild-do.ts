import { DurableObject } from "cloudflare:workers";
import { DeadlineError, withDeadline } from "./deadline.ts";
import { type Config, type Env, parseConfig } from "./env.ts";
import { log } from "./log.ts";
import { type Control, isPaused, KEPT_TICK_REPORTS, NEW_CONTROL, NEW_STATE, type RebuildState } from "./rebuild-state.ts";
import { readDatabaseStatus, toStatus } from "./rebuild-status.ts";
import { ROSTER_KEY } from "./roster-source.ts";
import { runTick } from "./run-tick.ts";
import { isAlarmLost, toAlarmTime } from "./schedule.ts";
import type { AcceptAnswer, RebuilderApi, RebuilderStatus, TickAnswer, TickReport, TickTrigger } from "./status.ts";
import { createStore } from "./store.ts";
import { describeError, type Memory } from "./tick.ts";
import { toLostReport } from "./tick-report.ts";

/** Spans a whole tick, plan included: past it the tick is given up, so that a hung await cannot swallow later ones. */
export const TICK_DEADLINE_MS = 150_000;

/** What a broken configuration leaves to go by until it is mended: slow, but armed. */
const UNCONFIGURED = { idleMs: 600_000, watchdogMs: 180_000 };

/** The one object that rebuilds the board: it loads, calls the pure tick, saves, and always re-arms itself. */
export class DashboardRebuildDO extends DurableObject<Env> implements RebuilderApi {
  #running: Promise<TickReport> | undefined;

  override async alarm(): Promise<void> {
    try {
      const control = await this.#control();
      const nowMs = Date.now();
      if (isPaused(control, nowMs)) {
        const untilMs = (control.paused?.until ?? Number.POSITIVE_INFINITY) - nowMs;
        await this.ctx.storage.setAlarm(toAlarmTime(nowMs, Math.min(untilMs, this.#intervals().idleMs)));
        return;
      }
      await this.#tick("alarm");
    } catch (error) {
      // An alarm that keeps throwing is dropped by the platform for good after its seventh try.
      log("error", "tick.failed", { error: describeError(error) });
      await this.#rearmAfterFailure();
    }
  }

  async status(): Promise<RebuilderStatus> {
    await this.ensureAlarm();
    const [state, control, alarmAt, database] = await Promise.all([
      this.#state(),
      this.#control(),
      this.ctx.storage.getAlarm(),
      readDatabaseStatus(this.env.DB),
    ]);
    const isRunning = this.#running !== undefined;
    return toStatus({ state, control, config: this.#config(), alarmAt, isRunning, nowMs: Date.now() }, database);
  }

  async tick(): Promise<TickAnswer> {
    if (isPaused(await this.#control(), Date.now())) {
      await this.ensureAlarm();
      return { ok: false, reason: "paused" };
    }
    const joined = this.#running !== undefined;
    try {
      return { ok: true, report: await this.#tick("forced"), joined };
    } catch (error) {
      log("error", "tick.failed", { error: describeError(error) });
      await this.#rearmAfterFailure();
      const report = (await this.#state()).ticks[0];
      if (!report) throw error;
      return { ok: true, report, joined };
    }
  }

  async pause({ until, reason }: { until?: number; reason?: string }): Promise<RebuilderStatus> {
    await this.#setControl({ paused: { since: Date.now(), until: until ?? null, reason: reason ?? null } });
    return this.status();
  }

  async resume(): Promise<RebuilderStatus> {
    await this.#setControl({ paused: null });
    await this.ctx.storage.setAlarm(toAlarmTime(Date.now(), 0));
    return this.status();
  }

  async reset(): Promise<RebuilderStatus> {
    await this.#running?.catch(() => undefined); // its own caller hears of its failure
    const state = await this.#state();
    await this.ctx.storage.put("state", { ...state, cursor: "", rotation: { ...state.rotation, open: false } });
    return this.status();
  }

  async accept(id: string): Promise<AcceptAnswer> {
    await this.ensureAlarm();
    const { roster } = await this.#state();
    if (roster.held?.id !== id) return { ok: false, reason: "unknown-id" };
    await this.#setControl({ acceptedRosterId: id });
    return { ok: true };
  }

  async ensureAlarm(): Promise<{ alarmAt: number | null; rearmed: boolean }> {
    const { storage } = this.ctx;
    const alarmAt = await storage.getAlarm();
    const isLost = isAlarmLost(alarmAt, Date.now(), this.#intervals().watchdogMs);
    if (this.#running || !isLost) return { alarmAt, rearmed: false };
    const armedAt = toAlarmTime(Date.now(), 0);
    await storage.setAlarm(armedAt);
    const { watchdogRearms } = await this.#control();
    await this.#setControl({ watchdogRearms: watchdogRearms + 1 });
    log("warn", "alarm.rearmed", { was: alarmAt, alarmAt: armedAt });
    return { alarmAt: armedAt, rearmed: true };
  }

  /** One tick at a time: whoever comes while one is running joins it. */
  #tick(trigger: TickTrigger): Promise<TickReport> {
    this.#running ??= this.#runTick(trigger).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #runTick(trigger: TickTrigger): Promise<TickReport> {
    const { storage } = this.ctx;
    const startedAt = Date.now();
    const givenUp = new AbortController();
    try {
      const config = this.#config();
      await storage.setAlarm(toAlarmTime(startedAt, config.watchdogMs));
      const tick = runTick(trigger, {
        config,
        fetch: (input, init) => fetch(input, init),
        now: () => Date.now(),
        newTickId: () => crypto.randomUUID(),
        readRoster: () => this.env.VERIFIED_AGENTS.get(ROSTER_KEY),
        createStore: (spend) => createStore(this.env.DB, spend),
        memory: this.#memory(),
        lock: (callback) => this.ctx.blockConcurrencyWhile(callback),
        givenUp: givenUp.signal,
      });
      const report = await withDeadline("the tick", TICK_DEADLINE_MS, tick);
      log(report.outcome === "committed" ? "info" : "warn", "tick.ended", { ...report });
      return report;
    } catch (error) {
      givenUp.abort();
      const state = await this.#state();
      const outcome = error instanceof DeadlineError ? "given-up" : "failed";
      const report = toLostReport({ trigger, startedAt, outcome, error: describeError(error), nowMs: Date.now() }, state);
      const ticks = [report, ...state.ticks].slice(0, KEPT_TICK_REPORTS);
      await storage.put("state", { ...state, ticks, failedCommits: state.failedCommits + 1 });
      throw error;
    }
  }

  async #rearmAfterFailure(): Promise<void> {
    await this.ctx.storage.setAlarm(toAlarmTime(Date.now(), this.#intervals().idleMs));
  }

  #intervals(): Pick<Config, "idleMs" | "watchdogMs"> {
    try {
      return this.#config();
    } catch {
      return UNCONFIGURED; // the tick itself says which vars are wrong
    }
  }

  #config(): Config {
    return parseConfig(this.env);
  }

  #memory(): Memory {
    const { storage } = this.ctx;
    return {
      load: async () => ({ state: await this.#state(), control: await this.#control() }),
      save: async (state, alarmAt) => {
        // No await in between: the two writes are one.
        await Promise.all([storage.put("state", state), storage.setAlarm(alarmAt)]);
      },
    };
  }

  async #state(): Promise<RebuildState> {
    return (await this.ctx.storage.get<RebuildState>("state")) ?? NEW_STATE;
  }

  async #control(): Promise<Control> {
    return (await this.ctx.storage.get<Control>("control")) ?? NEW_CONTROL;
  }

  async #setControl(changes: Partial<Control>): Promise<void> {
    await this.ctx.storage.put("control", { ...(await this.#control()), ...changes });
  }
}
