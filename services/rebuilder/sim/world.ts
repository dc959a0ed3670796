import type { HostName } from "@standings/balances";
import type { Config } from "../src/config.ts";
import { KEYS } from "../src/rebuild/memory.ts";
import { createRebuild, type Rebuild } from "../src/rebuild/rebuild.ts";
import { NEW_CONTROL, NEW_STATE } from "../src/rebuild/state.ts";
import type { Control, State } from "../src/tick/memory.ts";
import { CONFIG, START_MS } from "./config.ts";
import { type DatabaseMode, type DatabaseScope, newRefusals } from "./database-modes.ts";
import { SafetyWatch } from "./invariants.ts";
import { LiveObject } from "./live-object.ts";
import { ModelDatabase } from "./model-database.ts";
import { StorageError, type StoredThings } from "./model-storage.ts";
import { createModelStore } from "./model-store.ts";
import type { Tables } from "./model-tables.ts";
import { ModelUpstreams } from "./model-upstreams.ts";
import { POPULATION } from "./population.ts";
import { hash } from "./random.ts";
import { type RosterEntry, type RosterMode, toRosterText } from "./roster-source.ts";
import { Said } from "./said.ts";
import type { Scene } from "./scene.ts";
import { Tally } from "./tally.ts";
import { turn, VirtualClock } from "./virtual-clock.ts";
import { toExpectedBalances, Wallets } from "./wallets.ts";

export type StorageMode = "ok" | "throws" | "flaky";

const NEVER = new Promise<never>(() => {});

/** The platform drops an alarm whose handler threw this often in a row. */
const MAX_ALARM_TRIES = 7;

/**
 * The rebuild with everything around it modelled: upstreams, D1, KV, storage, alarms, crashes. One virtual clock moves
 * all of it, and every effect the rebuild has is a step at which it may be taken down.
 */
export class World implements Scene {
  readonly seed: number;
  readonly config: Config;
  readonly tally: Tally;
  readonly clock = new VirtualClock(START_MS);
  readonly database = new ModelDatabase();
  readonly wallets: Wallets;
  readonly said = new Said();
  readonly upstreams: ModelUpstreams;
  readonly watch: SafetyWatch;
  readonly population = POPULATION;

  databaseMode: { mode: DatabaseMode; on: DatabaseScope } = { mode: "ok", on: "all" };
  refusals = newRefusals();
  storageMode: StorageMode = "ok";
  rosterMode: RosterMode = "present";
  roster: RosterEntry[] = [];
  garbage: unknown[] = [];
  /** Agents that left and may come back. */
  left: RosterEntry[] = [];
  /** Whether each command begins with a copy of the database, for one that goes back to it. */
  keepsBackups = false;
  hasTravelled = false;
  /** Agents whose answers bring the object down. */
  crashers = new Set<string>();
  isAlarmStuck = false;
  /** How long the platform takes to grant the lock. */
  lockDelayMs = 0;
  steps = 0;

  #things: StoredThings = { values: new Map(), alarmAt: null };
  #objects = 0;
  #current: LiveObject | undefined;
  #stale: LiveObject[] = [];
  #crash: { inSteps: number; isApplied: boolean } | undefined;
  #isAlarmRunning = false;
  #failedAlarms = 0;
  #ids = 0;
  #backups: Tables[] = [];

  constructor(seed: number, config: Partial<Config> = {}, tally = new Tally()) {
    this.seed = seed;
    this.config = { ...CONFIG, ...config };
    this.tally = tally;
    this.wallets = new Wallets(seed);
    this.upstreams = new ModelUpstreams({
      seed,
      wallets: this.wallets,
      said: this.said,
      now: () => this.clock.read(),
      trueNow: () => this.clock.nowMs,
    });
    this.watch = new SafetyWatch(this);
  }

  // ---- what commands do

  get rebuild(): Rebuild {
    return this.#rebuildOf(this.current);
  }

  get current(): LiveObject {
    this.#current ??= this.#createObject();
    return this.#current;
  }

  get stale(): LiveObject | undefined {
    return this.#stale.at(-1);
  }

  get control(): Control {
    return (this.#things.values.get(KEYS.control) as Control | undefined) ?? NEW_CONTROL;
  }

  get state(): State {
    return (this.#things.values.get(KEYS.state) as State | undefined) ?? NEW_STATE;
  }

  stored = (key: string): unknown => this.#things.values.get(key);

  get alarmAt(): number | null {
    return this.#things.alarmAt;
  }

  get isBusy(): boolean {
    return this.#current?.isBusy ?? false;
  }

  /** Starts something and lets time decide when it ends. */
  start(activity: (rebuild: Rebuild) => Promise<unknown>, object = this.current): void {
    if (!object.isBusy) object.subrequests = 0;
    const promise = activity(this.#rebuildOf(object))
      .catch((error: unknown) => {
        if (object.isAlive && !(error instanceof StorageError)) this.watch.sawThrow(error);
      })
      .finally(() => object.activities.delete(promise));
    object.activities.add(promise);
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

  /** Everything around the rebuild is well again, but for what lasts. */
  heal(): void {
    this.upstreams.heal();
    this.databaseMode = { mode: "ok", on: "all" };
    this.refusals = newRefusals();
    this.storageMode = "ok";
    this.rosterMode = "present";
    this.lockDelayMs = 0;
    this.#crash = undefined;
    for (const object of this.#stale) object.isAlive = false;
    this.#stale = [];
  }

  /** Until nothing runs any more. */
  async settle(): Promise<void> {
    for (let round = 0; this.isBusy; round++) {
      this.watch.assert(round < 1_000, "liveness", () => "something runs for ever");
      await this.advance(10_000);
    }
  }

  fireAlarm(): void {
    this.#things.alarmAt = null;
    this.#isAlarmRunning = true;
    const object = this.current;
    this.start(async (rebuild) => {
      try {
        await rebuild.alarm();
        this.#failedAlarms = 0;
      } catch (error) {
        if (!object.isAlive || !object.isCurrent) return;
        // As the platform does: tried again unless the handler has set another alarm, and dropped in the end.
        this.#failedAlarms++;
        if (this.#things.alarmAt === null && this.#failedAlarms < MAX_ALARM_TRIES) {
          this.#things.alarmAt = this.clock.read() + 2_000 * 2 ** this.#failedAlarms;
        }
        throw error;
      } finally {
        if (object.isAlive && object.isCurrent) this.#isAlarmRunning = false;
      }
    }, object);
  }

  loseAlarm(): void {
    if (this.#isAlarmRunning) return;
    this.#things.alarmAt = null;
    this.watch.sawAlarmLost();
  }

  stickAlarm(): void {
    if (this.#things.alarmAt !== null) this.isAlarmStuck = true;
  }

  planCrash(inSteps: number, isApplied: boolean): void {
    this.#crash = { inSteps, isApplied };
  }

  /** Memory is gone, nothing of what ran goes on; storage stays. A new object starts with the next event. */
  crash(): void {
    this.#crash = undefined;
    if (!this.#current) return;
    if (this.#current.isBusy) this.tally.add("crashes of a busy object");
    this.#current.isAlive = false;
    this.#leavePlace();
  }

  /** Another object takes the place of this one, which lives on without knowing. */
  split(): void {
    const { current } = this;
    current.storage.detach();
    current.isCurrent = false;
    this.#stale.push(current);
    this.#leavePlace();
    this.tally.add("objects that lived on without their place");
  }

  /** An alarm that was being handled rings again, unless the handler had set another. */
  #leavePlace(): void {
    if (this.#isAlarmRunning) this.#things.alarmAt ??= this.clock.read();
    this.#isAlarmRunning = false;
    this.#current = undefined;
  }

  wipeStorage(): void {
    this.crash();
    this.#things.values.clear();
    this.#things.alarmAt = null;
  }

  beginCommand(): void {
    this.tally.add("commands");
    if (this.keepsBackups) this.#backups.push(this.database.backup());
  }

  /** The database is again what it was so many commands ago. */
  travel(commands: number): void {
    const backup = this.#backups.at(-1 - commands) ?? this.#backups[0];
    if (!backup) return;
    this.database.restore(backup);
    this.watch.sawTimeTravel();
    this.hasTravelled = true;
    this.tally.add("databases that went back in time");
  }

  /** What is to be read of a Stacks address. */
  expectedOf(address: string): ReadonlyMap<string, string> {
    return toExpectedBalances(this.wallets.stacks(address));
  }

  // ---- what the rebuild does

  #createObject(): LiveObject {
    const object: LiveObject = new LiveObject(++this.#objects, {
      clock: (isAlive) => this.clock.view(isAlive),
      things: this.#things,
      copies: hash(this.seed) % 8 === 0,
      gate: {
        read: () => this.#throwIfStorageDoes(object),
        write: (flush) => this.#write(object, flush),
      },
    });
    return object;
  }

  #rebuildOf(object: LiveObject): Rebuild {
    object.rebuild ??= this.#createRebuild(object);
    return object.rebuild;
  }

  #createRebuild(object: LiveObject): Rebuild {
    return createRebuild({
      storage: object.storage.view() as Parameters<typeof createRebuild>[0]["storage"],
      clock: object.clock,
      fetch: (input, init) => this.#fetch(object, String(input), init),
      random: () => hash(this.seed, "random", ++this.#ids) / 2 ** 32,
      newId: () => `${hash(this.seed, "id", ++this.#ids).toString(16)}-${this.#ids}`,
      readRoster: () => {
        object.subrequests++;
        this.watch.sawOutsideCall(object, "KV");
        return this.effect(object, () => toRosterText(this.rosterMode, this.roster, this.garbage, NEVER));
      },
      ...createModelStore(this, object),
      lock: (callback) => this.#lock(object, callback),
      getConfig: () => this.config,
      sendHeartbeat: async () => this.tally.add("heartbeats"),
      log: (_level, event, fields) => this.watch.sawLog(object, event, fields),
    });
  }

  async #fetch(object: LiveObject, url: string, init: RequestInit | undefined): Promise<Response> {
    const { host, path } = toTarget(url);
    object.subrequests++;
    this.watch.sawCall(object, host);
    object.inFlight++;
    try {
      const isPoison = path.startsWith("/extended/") && [...this.crashers].some((address) => path.includes(address));
      if (isPoison) {
        this.tally.add("crashes by a poison agent");
        if (object.isCurrent && object.isAlive) this.crash();
        object.isAlive = false;
      }
      return await this.effect(object, () => this.upstreams.fetch(host, path, init, object));
    } finally {
      object.inFlight--;
    }
  }

  #throwIfStorageDoes(object: LiveObject): void {
    const isHit =
      this.storageMode === "throws" || (this.storageMode === "flaky" && hash(this.seed, this.steps) % 7 === 0);
    if (!isHit || !object.isAlive || !object.isCurrent) return;
    this.tally.add("storage calls that threw");
    this.watch.sawStorageFail(object);
    throw new StorageError();
  }

  #write(object: LiveObject, flush: () => void): Promise<void> {
    return this.effect(object, () => {
      this.#throwIfStorageDoes(object);
      const { alarmAt } = this.#things;
      flush();
      if (this.#things.alarmAt !== alarmAt) this.isAlarmStuck = false;
      if (object.isCurrent) this.watch.sawStored(object);
    });
  }

  /** One step of the rebuild: the place where it may be taken down, before or after what it does. */
  async effect<T>(object: LiveObject, apply: () => T | Promise<T>): Promise<T> {
    if (!object.isAlive) return NEVER;
    this.steps++;
    const crash = this.#crash;
    const isHit = object.isCurrent && crash !== undefined && --crash.inSteps <= 0;
    if (isHit && !crash.isApplied) {
      this.crash();
      return NEVER;
    }
    const result = await apply();
    if (isHit && object.isAlive && object.isCurrent) this.crash();
    return object.isAlive ? result : NEVER;
  }

  async #lock(object: LiveObject, callback: () => Promise<void>): Promise<void> {
    if (this.lockDelayMs > 0) await new Promise<void>((resolve) => object.clock.after(this.lockDelayMs, resolve));
    this.watch.sawLock(object);
    object.lockedSince = this.clock.nowMs;
    try {
      await callback();
    } catch (error) {
      if (object.isAlive) this.watch.sawThrowInLock(error);
      throw error;
    }
    if (!object.isAlive) return NEVER;
    this.watch.sawUnlock(object);
    object.lockedSince = null;
  }

  #dueAlarmAt(): number {
    if (this.#things.alarmAt === null || this.#isAlarmRunning || this.isAlarmStuck) return Number.POSITIVE_INFINITY;
    return Math.max(this.clock.nowMs, this.#things.alarmAt - (this.clock.read() - this.clock.nowMs));
  }
}

function toTarget(url: string): { host: HostName; path: string } {
  const [, , name = "", ...parts] = url.split("/");
  const path = `/${parts.join("/")}`;
  return { host: name === "mempool" && path === "/v1/prices" ? "mempool-prices" : (name as HostName), path };
}
