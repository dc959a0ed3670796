import type { HostName } from "@standings/balances";
import type { Config } from "../src/env.ts";
import { createRebuild, type Rebuild } from "../src/rebuild/rebuild.ts";
import { type Control, NEW_CONTROL, NEW_STATE, type RebuildState } from "../src/rebuild/state.ts";
import { MAX_LOCK_MS, SafetyWatch } from "./invariants.ts";
import { ModelDatabase } from "./model-database.ts";
import { ModelStorage } from "./model-storage.ts";
import { ModelUpstreams } from "./model-upstreams.ts";
import { POPULATION } from "./population.ts";
import { hash } from "./random.ts";
import { turn, VirtualClock } from "./virtual-clock.ts";

export type DatabaseMode = "ok" | "fails-before" | "fails-after" | "hangs" | "late" | "flaky";
export type RosterMode = "present" | "absent" | "corrupt" | "empty" | "hangs" | "throws";

/** Small numbers, so that histories are short: what they mean does not depend on their size. */
export const CONFIG: Config = {
  chunkSize: 5,
  subrequestBudget: 250,
  activeMs: 120_000,
  idleMs: 600_000,
  watchdogMs: 180_000,
  baseUrls: {
    hiro: "https://hiro",
    mempool: "https://mempool",
    coingecko: "https://coingecko",
    coinbase: "https://coinbase",
  },
  monthlyBudgets: { hiro: 0, mempool: 0, coingecko: 0, coinbase: 0 },
  forcedTicks: { spacingMs: 0, perDay: 0 },
  headers: {},
};

const START_MS = Date.parse("2026-11-22T00:00:00Z");
const NEVER = new Promise<never>(() => {});

/** The platform drops an alarm whose handler threw this often in a row. */
const MAX_ALARM_TRIES = 7;

/**
 * The rebuild with everything around it modelled: upstreams, D1, KV, storage, alarms, crashes. One virtual clock moves
 * all of it, and every effect the rebuild has is a step at which it may be taken down.
 */
export class World {
  readonly clock = new VirtualClock(START_MS);
  readonly database = new ModelDatabase();
  readonly watch = new SafetyWatch(this);
  readonly upstreams: ModelUpstreams;
  readonly config: Config;
  databaseMode: DatabaseMode = "ok";
  rosterMode: RosterMode = "present";
  readonly population = POPULATION;
  roster: { stxAddress: string; btcAddress: string }[] = [];
  isAlarmStuck = false;
  /** How long the platform takes to grant the lock. */
  lockDelayMs = 0;

  #generation = 0;
  #storage = this.#newStorage();
  #rebuild: Rebuild | undefined;
  #steps = 0;
  #crash: { inSteps: number; isApplied: boolean } | undefined;
  #isAlarmRunning = false;
  #failedAlarms = 0;
  #activities = new Set<Promise<unknown>>();
  #ids = 0;
  #lockedSince: number | null = null;

  readonly seed: number;

  constructor(seed: number, config: Partial<Config> = {}) {
    this.seed = seed;
    this.config = { ...CONFIG, ...config };
    this.upstreams = new ModelUpstreams(this);
  }

  // ---- what commands do

  get rebuild(): Rebuild {
    this.#rebuild ??= this.#createRebuild(this.#generation);
    return this.#rebuild;
  }

  get control(): Control {
    return (this.#storage.values.get("control") as Control | undefined) ?? NEW_CONTROL;
  }

  get state(): RebuildState {
    return (this.#storage.values.get("state") as RebuildState | undefined) ?? NEW_STATE;
  }

  get alarmAt(): number | null {
    return this.#storage.alarmAt;
  }

  get isBusy(): boolean {
    return this.#activities.size > 0;
  }

  /** Starts something and lets time decide when it ends. */
  start(activity: () => Promise<unknown>): void {
    const generation = this.#generation;
    const promise = activity()
      .catch((error: unknown) => {
        if (generation === this.#generation) this.watch.sawThrow(error);
      })
      .finally(() => this.#activities.delete(promise));
    this.#activities.add(promise);
  }

  /** Time passes: timers fire, alarms ring. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.nowMs + ms;
    for (;;) {
      await turn();
      this.watch.check();
      const timerAt = this.clock.nextAt() ?? Number.POSITIVE_INFINITY;
      const alarmAt = this.#dueAlarmAt();
      if (Math.min(timerAt, alarmAt) > until) break;
      if (alarmAt <= timerAt) {
        this.clock.nowMs = Math.max(this.clock.nowMs, alarmAt);
        this.fireAlarm();
      } else {
        this.clock.fireNext();
      }
    }
    this.clock.nowMs = Math.max(this.clock.nowMs, until);
  }

  /** Everything around the rebuild is well again. */
  heal(): void {
    this.upstreams.heal();
    this.databaseMode = "ok";
    this.rosterMode = "present";
    this.#crash = undefined;
  }

  /** Until nothing runs any more. */
  async settle(): Promise<void> {
    for (let round = 0; this.isBusy; round++) {
      this.watch.assert(round < 1_000, "liveness", () => "something runs for ever");
      await this.advance(10_000);
    }
  }

  fireAlarm(): void {
    this.#storage.alarmAt = null;
    this.#isAlarmRunning = true;
    const generation = this.#generation;
    this.start(async () => {
      try {
        await this.rebuild.alarm();
        this.#failedAlarms = 0;
      } catch (error) {
        if (generation !== this.#generation) return;
        // As the platform does: tried again unless the handler has set another alarm, and dropped in the end.
        this.#failedAlarms++;
        if (this.#storage.alarmAt === null && this.#failedAlarms < MAX_ALARM_TRIES) {
          this.#storage.alarmAt = this.clock.read() + 2_000 * 2 ** this.#failedAlarms;
        }
        throw error;
      } finally {
        if (generation === this.#generation) this.#isAlarmRunning = false;
      }
    });
  }

  loseAlarm(): void {
    if (this.#isAlarmRunning) return;
    this.#storage.alarmAt = null;
    this.watch.sawAlarmLost();
  }

  stickAlarm(): void {
    if (this.#storage.alarmAt === null) return;
    this.isAlarmStuck = true;
  }

  planCrash(inSteps: number, isApplied: boolean): void {
    this.#crash = { inSteps, isApplied };
  }

  /** Memory is gone, nothing of what ran goes on; storage stays. A new object starts with the next event. */
  crash(): void {
    this.#crash = undefined;
    this.#generation++;
    this.#rebuild = undefined;
    this.#activities.clear();
    this.#lockedSince = null;
    this.upstreams.forgetCallers();
    // An alarm that was being handled rings again, unless the handler had set another.
    if (this.#isAlarmRunning) this.#storage.alarmAt ??= this.clock.read();
    this.#isAlarmRunning = false;
    const storage = this.#newStorage();
    storage.values = this.#storage.values;
    storage.alarmAt = this.#storage.alarmAt;
    this.#storage = storage;
  }

  wipeStorage(): void {
    this.crash();
    this.#storage.values.clear();
    this.#storage.alarmAt = null;
  }

  // ---- what the rebuild does

  #createRebuild(generation: number): Rebuild {
    const clock = this.clock.view(() => generation === this.#generation);
    const effect = <T>(apply: () => T | Promise<T>) => this.#effect(generation, apply);
    return createRebuild({
      storage: this.#storage.view() as Parameters<typeof createRebuild>[0]["storage"],
      clock,
      fetch: (input, init) => effect(() => this.upstreams.fetch(String(input), init?.signal ?? undefined, clock)),
      newTickId: () => `id-${++this.#ids}-${hash(this.seed, this.#ids).toString(16)}`,
      readRoster: () => effect(() => this.#readRoster()),
      store: {
        getProgress: () => effect(() => this.#callDatabase(() => this.database.getProgress())),
        getHolders: (addresses) => effect(() => this.#callDatabase(() => this.database.getHolders(addresses))),
        getLastGoodPrices: () => effect(() => this.#callDatabase(() => [...this.database.prices.values()])),
        applyRoster: (agents, nowMs) =>
          effect(() =>
            this.#callDatabase(() => {
              this.database.applyRoster(agents, nowMs);
              this.watch.sawRoster();
            }),
          ),
        listAgentsAfter: (cursor, limit) =>
          effect(() =>
            this.#callDatabase(() => {
              const after = this.database.listed().filter((address) => address > cursor);
              return after.slice(0, limit).map((stxAddress) => {
                return { stxAddress, btcAddress: this.database.agents.get(stxAddress)?.btcAddress ?? "" };
              });
            }),
          ),
        commit: (writes, publication) =>
          effect(() =>
            this.#callDatabase(() => {
              const use = this.database.commit(writes, publication);
              this.watch.sawCommit(writes, publication);
              return use;
            }),
          ),
        findTickId: (epoch) =>
          effect(() => this.#callDatabase(() => this.database.commits.find((one) => one.epoch === epoch)?.tickId)),
      },
      lock: (callback) => this.#lock(generation, callback),
      getConfig: () => this.config,
      readDatabaseStatus: async () => null,
      sendHeartbeat: async () => {},
      log: () => {},
    });
  }

  #newStorage(): ModelStorage {
    const generation = this.#generation;
    return new ModelStorage((flush) => {
      return this.#effect(generation, () => {
        const before = this.#storage.alarmAt;
        flush();
        if (this.#storage.alarmAt !== before) this.isAlarmStuck = false;
      });
    });
  }

  /** One step of the rebuild: the place where it may be taken down, before or after what it does. */
  async #effect<T>(generation: number, apply: () => T | Promise<T>): Promise<T> {
    if (generation !== this.#generation) return NEVER;
    this.#steps++;
    const crash = this.#crash;
    const isHit = crash !== undefined && --crash.inSteps <= 0;
    if (isHit && !crash.isApplied) {
      this.crash();
      return NEVER;
    }
    const result = await apply();
    if (isHit && generation === this.#generation) this.crash();
    return generation === this.#generation ? result : NEVER;
  }

  async #callDatabase<T>(apply: () => T): Promise<T> {
    const lost = new Error("D1_ERROR: Network connection lost.");
    const mode = this.databaseMode === "flaky" ? this.#flakyMode() : this.databaseMode;
    switch (mode) {
      case "fails-before":
        throw lost;
      case "fails-after":
        apply();
        throw lost;
      case "hangs":
        return NEVER;
      case "late": {
        // Applied long after its caller gave up, whatever became of the caller: only the fence can stop it.
        const clock = this.clock.view(() => true);
        await new Promise<void>((resolve) => clock.after(11_000, resolve));
        return apply();
      }
      default:
        return apply();
    }
  }

  #flakyMode(): DatabaseMode {
    const modes: DatabaseMode[] = ["ok", "ok", "ok", "fails-before", "fails-after"];
    return modes[hash(this.seed, "database", this.#steps) % modes.length] ?? "ok";
  }

  async #readRoster(): Promise<string | null> {
    this.watch.sawOutsideCall(this.#lockedSince !== null, "KV");
    switch (this.rosterMode) {
      case "absent":
        return null;
      case "corrupt":
        return '{"agents": [';
      case "empty":
        return '{"agents": []}';
      case "hangs":
        return NEVER;
      case "throws":
        throw new Error("KV GET failed: 500");
      default:
        return JSON.stringify({
          agents: this.roster.map((agent) => ({ ...agent, level: 1, levelName: "Verified Agent" })),
        });
    }
  }

  async #lock(generation: number, callback: () => Promise<void>): Promise<void> {
    if (this.lockDelayMs > 0) {
      const clock = this.clock.view(() => generation === this.#generation);
      await new Promise<void>((resolve) => clock.after(this.lockDelayMs, resolve));
    }
    this.#lockedSince = this.clock.nowMs;
    try {
      await callback();
    } catch (error) {
      if (generation === this.#generation) this.watch.sawThrowInLock(error);
      throw error;
    }
    if (generation !== this.#generation) return NEVER;
    const lockedMs = this.clock.nowMs - (this.#lockedSince ?? this.clock.nowMs);
    this.watch.assert(lockedMs < MAX_LOCK_MS, "I-7 lock", () => `held for ${lockedMs} ms`);
    this.#lockedSince = null;
  }

  isLocked(): boolean {
    return this.#lockedSince !== null;
  }

  #dueAlarmAt(): number {
    if (this.#storage.alarmAt === null || this.#isAlarmRunning || this.isAlarmStuck) return Number.POSITIVE_INFINITY;
    return Math.max(this.clock.nowMs, this.#storage.alarmAt - (this.clock.read() - this.clock.nowMs));
  }

  hostOf(url: string): { host: HostName; path: string } {
    const [, , host = "", ...path] = url.split("/");
    return { host: host as HostName, path: `/${path.join("/")}` };
  }
}
