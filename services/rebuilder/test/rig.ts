import { env } from "cloudflare:workers";
import { createHosts, createUpstreamFetch, createWorld, type UpstreamCall } from "@standings/upstream-sim";
import { parseConfig, type Vars } from "../src/config.ts";
import type { TickReport } from "../src/contract/status.ts";
import { readDatabaseStatus, readNewest } from "../src/rebuild/database-status.ts";
import { KEYS } from "../src/rebuild/memory.ts";
import { createRebuild, type Rebuild } from "../src/rebuild/rebuild.ts";
import { toState } from "../src/rebuild/state.ts";
import type { State } from "../src/tick/memory.ts";
import { createStore, type Store } from "../src/tick/store.ts";
import { makeAgents, type TestAgent, toRosterText } from "./agents.ts";
import { db } from "./database.ts";
import { createMemoryStorage } from "./memory-storage.ts";
import { createVirtualClock } from "./virtual-clock.ts";

export interface RigOptions {
  /** Vars of the deployment that differ from the checked-in ones. */
  vars?: Partial<Record<keyof Vars, string>>;
  startMs?: number;
  /** What the object's storage holds at the start. */
  stored?: Record<string, unknown>;
}

export interface LogLine {
  level: string;
  event: string;
  at: number;
  fields: Record<string, unknown>;
}

/** So many turns of the event loop without anything happening, and everybody waits for time to pass. */
const QUIET_TURNS = 12;

/** What the platform does with an alarm whose handler threw. */
const PLATFORM_RETRY_MS = 2_000;

const START_MS = Date.parse("2026-11-22T12:00:00.000Z");

class Crash extends Error {}

/** A rebuild with real D1, and everything else in the test's hands: time, storage, upstreams, roster, crashes. */
export function createRig(agents: readonly TestAgent[] = makeAgents(3), options: RigOptions = {}) {
  const clock = createVirtualClock(options.startMs ?? START_MS);
  const world = createWorld({ populated: false, clock: () => clock.now() });
  world.prices.pin({ BTC: 100_000, STX: 0.8 });
  const upstream = createUpstreamFetch(createHosts(world), parseConfig(env).baseUrls);
  const storage = createMemoryStorage(options.stored);
  storage.alarmAt = clock.now();
  const logs: LogLine[] = [];
  let generation = 0;
  let running = 0; // calls to D1 under way
  let activity = 0;
  let lockedAt: number | null = null;
  let crash = Promise.withResolvers<never>();

  const toDatabase = async <T>(call: () => Promise<T>): Promise<T> => {
    running++;
    try {
      return await call();
    } finally {
      running--;
      activity++;
    }
  };
  const store = mapMethods(createStore(db), (call) => toDatabase(call));

  /** The rebuild as one object has it: nothing of an object that is gone ever happens or ends. */
  const boot = (): Rebuild => {
    const mine = ++generation;
    const isAlive = () => mine === generation;
    const alive = async <T>(run: () => Promise<T>): Promise<T> => {
      activity++;
      if (!isAlive()) return new Promise<T>(() => {});
      try {
        return await run();
      } finally {
        activity++;
        if (!isAlive()) await new Promise<never>(() => {});
      }
    };
    const read = <T>(run: () => Promise<T>) => alive(async () => (rig.isDatabaseDown ? null : toDatabase(run)));
    const own = { now: clock.now, after: (ms: number, run: () => void) => clock.after(ms, () => isAlive() && run()) };
    return createRebuild({
      storage: mapMethods(storage.view, alive),
      clock: own,
      fetch: (input, init) => alive(() => callUpstream(input, init)),
      random: () => rig.random(),
      newId: () => crypto.randomUUID(),
      readRoster: () => alive(readRoster),
      store: mapMethods(lateStore, alive),
      lock,
      getConfig: () => parseConfig({ ...env, ...rig.vars }),
      readNewest: () => read(() => readNewest(db, own)),
      readDatabaseStatus: () => read(() => readDatabaseStatus(db, own)),
      sendHeartbeat: () => rig.sendHeartbeat(),
      log: (level, event, fields) => logs.push({ level, event, at: clock.now(), fields }),
    });
  };

  /** The store as the test wraps it by now. */
  const lateStore = Object.fromEntries(
    Object.keys(store).map((name) => [
      name,
      async (...args: never[]) => {
        if (rig.isDatabaseDown) throw new Error("D1_ERROR: Network connection lost.");
        const wrapped = rig.wrapStore(store) as unknown as Record<string, (...args: never[]) => Promise<unknown>>;
        return wrapped[name]?.(...args);
      },
    ]),
  ) as unknown as Store;

  const callUpstream: typeof fetch = async (input, init) => {
    if (lockedAt !== null) rig.callsInLock++;
    const request = new Request(input, init);
    const latencyMs = rig.latency(request);
    if (latencyMs > 0) await new Promise<void>((resolve) => clock.after(latencyMs, resolve));
    return upstream.fetch(input, init);
  };

  const readRoster = async (): Promise<string | null> => {
    if (lockedAt !== null) rig.callsInLock++;
    rig.rosterReads++;
    return rig.readRoster();
  };

  const lock = async (callback: () => Promise<void>): Promise<void> => {
    await rig.beforeLock();
    lockedAt = clock.now();
    try {
      await callback();
    } catch (error) {
      rig.thrownThroughLock.push(error); // which would reset the object
      throw error;
    } finally {
      rig.lockMs = Math.max(rig.lockMs, clock.now() - (lockedAt ?? clock.now()));
      lockedAt = null;
    }
  };

  /** Waits for `work`; when everybody waits for time, time moves to the next timer. */
  const settle = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const ended = work.finally(() => {
      isDone = true;
    });
    ended.catch(() => {});
    for (let quiet = 0, seen = -1; !isDone; ) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      quiet = running > 0 || activity !== seen ? 0 : quiet + 1;
      seen = activity;
      if (quiet < QUIET_TURNS || isDone) continue;
      if (!clock.fireNext()) throw new Error("everybody waits, and no timer is set");
      quiet = 0;
    }
    return work;
  };

  const rig = {
    agents,
    world,
    holdings: world.holdings,
    upstream,
    storage,
    logs,
    heartbeats: [] as number[],
    vars: { ...options.vars },
    roster: toRosterText(agents) as string | null,
    readRoster: async () => rig.roster,
    rosterReads: 0,
    random: Math.random as () => number,
    latency: (_call: Request): number => 0,
    wrapStore: (real: Store): Store => real,
    isDatabaseDown: false,
    sendHeartbeat: async () => void rig.heartbeats.push(clock.now()),
    beforeLock: async () => {},
    get isLocked() {
      return lockedAt !== null;
    },
    lockMs: 0, // the longest
    callsInLock: 0, // to upstreams and for the roster
    thrownThroughLock: [] as unknown[],
    /** The object as it is now, for calls that nobody waits for. */
    get rebuild() {
      return rebuild;
    },
    get nowMs() {
      return clock.now();
    },
    set nowMs(ms: number) {
      clock.moveTo(ms);
    },
    /** Resolves so much later, by the rig's own time. */
    sleep: (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve)),

    /** Moves time to the alarm that is set and lets it fire, whatever comes of it. */
    async fire(): Promise<void> {
      const { alarmAt } = storage;
      if (alarmAt === null) throw new Error("no alarm is set");
      if (alarmAt > clock.now()) clock.moveTo(alarmAt);
      storage.alarmAt = null;
      upstream.calls.length = 0;
      crash = Promise.withResolvers();
      crash.promise.catch(() => {});
      try {
        await settle(Promise.race([rebuild.alarm(), crash.promise]));
      } catch (error) {
        // A crash leaves the alarm that was set before it; without one the platform fires again.
        if (!(error instanceof Crash)) throw error;
        storage.alarmAt ??= clock.now() + PLATFORM_RETRY_MS;
      }
    },

    /** The same for an alarm whose tick comes to its end. @returns what the tick reports */
    async alarm(): Promise<TickReport> {
      const before = logs.length;
      await rig.fire();
      const line = logs.slice(before).find(({ event }) => event === "tick.ended");
      if (!line) throw new Error(`no tick ended: ${JSON.stringify(logs.slice(before))}`);
      return line.fields as TickReport;
    },

    async alarms(n: number): Promise<TickReport[]> {
      const reports: TickReport[] = [];
      for (let index = 0; index < n; index++) reports.push(await rig.alarm());
      return reports;
    },

    /** Every alarm of the next so many minutes. */
    async run(minutes: number): Promise<TickReport[]> {
      const until = clock.now() + minutes * 60_000;
      const reports: TickReport[] = [];
      while ((storage.alarmAt ?? Number.POSITIVE_INFINITY) <= until) reports.push(await rig.alarm());
      clock.moveTo(until);
      return reports;
    },

    /** The object dies now, in the middle of whatever it does; the next call meets a new one on the same storage. */
    crash(): Promise<never> {
      clock.forgetTimers();
      lockedAt = null;
      rebuild = boot();
      crash.reject(new Crash());
      return new Promise<never>(() => {});
    },

    tick: (...args: Parameters<Rebuild["tick"]>) => settle(rebuild.tick(...args)),
    status: () => settle(rebuild.status()),
    pause: (...args: Parameters<Rebuild["pause"]>) => settle(rebuild.pause(...args)),
    resume: (...args: Parameters<Rebuild["resume"]>) => settle(rebuild.resume(...args)),
    reset: (...args: Parameters<Rebuild["reset"]>) => settle(rebuild.reset(...args)),
    accept: (...args: Parameters<Rebuild["accept"]>) => settle(rebuild.accept(...args)),
    ensureAlarm: () => settle(rebuild.ensureAlarm()),
    settle,

    /** What the object remembers. */
    state: (): State => toState(storage.read(KEYS.state)).value,
    logged: (event: string) => logs.filter((line) => line.event === event).map(({ fields }) => fields),
  };

  let rebuild = boot();
  return rig;
}

export type Rig = ReturnType<typeof createRig>;

function mapMethods<T extends object>(target: T, wrap: <R>(call: () => Promise<R>) => Promise<R>): T {
  const methods = Object.entries(target).map(([name, method]) => [
    name,
    (...args: unknown[]) => wrap(() => method.apply(target, args)),
  ]);
  return Object.fromEntries(methods);
}

/** Gives every agent 1, 2, 3, … STX, and as many thousand satoshis, in the order given. */
export function giveCoins({ holdings }: Rig, agents: readonly TestAgent[]): void {
  agents.forEach(({ stxAddress, btcAddress }, index) => {
    holdings.stx.set(stxAddress, String((index + 1) * 1_000_000));
    holdings.btc.set(btcAddress, (index + 1) * 1_000);
  });
}

/** A call that asks about an agent on one of the lanes; prices and witnesses are none. */
export function isAbout(lane: "stacks" | "bitcoin", { host, path, address }: UpstreamCall): boolean {
  if (address === undefined) return false;
  return lane === "bitcoin" ? host === "mempool" : host === "hiro" && path.startsWith("/extended/");
}

/** A call that asks another route about a holding. */
export function isWitness({ host, path }: UpstreamCall): boolean {
  return host === "blockstream" || (host === "hiro" && path.startsWith("/v2/"));
}

export const respond = (status: number, headers: Record<string, string> = {}) => new Response("", { status, headers });
