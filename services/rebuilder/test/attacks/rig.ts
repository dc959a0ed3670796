// The one file here that knows how the rebuild is put together: the tests know only what it asks and leaves behind.
import { env } from "cloudflare:workers";
import { createDb } from "@standings/db";
import { parseConfig } from "../../src/config.ts";
import { readDatabaseStatus, readNewest } from "../../src/rebuild/database-status.ts";
import { createRebuild } from "../../src/rebuild/rebuild.ts";
import { createStore } from "../../src/tick/store.ts";
import { toRosterText } from "../agents.ts";
import { type DatabaseScript, readAllTables, type TableRows, watchDatabase, writeAllTables } from "./database.ts";
import { type Call, createAttackUpstreams, isAbout } from "./upstreams.ts";
import { createVirtualClock } from "./virtual-clock.ts";

export interface AttackOptions {
  agents: readonly object[];
  /** Vars of the deployment that differ from the checked-in ones. */
  vars?: Record<string, string>;
  startMs?: number;
  /** What the object's storage holds at the start, and what the database does. */
  stored?: Record<string, unknown>;
  rows?: TableRows;
}

/** What one firing of the alarm did. */
export interface Fired {
  at: number;
  nextAt: number | null; // the alarm that is set now
  asked: { stacks: string[]; bitcoin: string[] }; // distinct agents, by principal and by Bitcoin address
  calls: Call[];
  subrequests: number; // everything counted: upstreams, roster, database
  lockMs: number;
  threw: string | null;
  crashed: boolean;
}

export interface LogLine {
  level: string;
  event: string;
  at: number;
  fields: Record<string, unknown>;
}

/** The fields of the status that these tests read: those of today, and those that the design names. */
export interface SeenStatus {
  state: string;
  intervalMs: number;
  intervalReason: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is in them differs from release to release
  lastTick: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  upstreams: Record<string, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  prices: Record<string, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  roster: any;
  consecutiveFailures: number;
  lanes?: Record<"stacks" | "bitcoin", { health: "well" | "resting" | "probing"; since: number }>;
  holds?: Hold[];
  freshness?: { status: string; reasons: { code: string; since: number; why: string }[] };
}

export interface Hold {
  id: string;
  kind: string;
  subject: string;
  detail: string;
  since: number;
  seen: number;
}

const MINUTE_MS = 60_000;
/** So long nothing may happen before the next timer is taken to be what everybody waits for. */
const QUIET_TURNS = 12;
const MAX_QUIET_TURNS = 3_000;
/** What the platform does with an alarm whose handler threw. */
const PLATFORM_RETRY_MS = 2_000;

/** What the migrations leave, so that every test starts from there. */
const migrated: TableRows = await readAllTables(env.DB);

export type AttackRig = Awaited<ReturnType<typeof createAttackRig>>;

/** A rebuild with real D1, and everything else in the test's hands: time, storage, upstreams, roster, crashes. */
export async function createAttackRig(options: AttackOptions) {
  await writeAllTables(env.DB, { ...migrated, ...options.rows });
  const clock = createVirtualClock(options.startMs ?? Date.now());
  const upstreams = createAttackUpstreams(() => clock.now());
  const logs: LogLine[] = [];
  const heartbeats: number[] = [];
  const storage = createStorage(options.stored ?? {});
  let generation = 0;
  let fetching = 0;
  let crash = Promise.withResolvers<never>();
  let lockedAt: number | undefined;
  let longestLockMs = 0;
  let rosterReads = 0;
  const vars = { ...options.vars };

  const database = watchDatabase(
    env.DB,
    () => lockedAt !== undefined,
    () => rig.onDatabase,
  );

  const boot = () => {
    const mine = ++generation;
    const isAlive = () => mine === generation;
    /** Nothing of an object that is gone ever happens or ends. */
    const alive = <T>(run: () => Promise<T>): Promise<T> =>
      isAlive()
        ? run().then(
            (value) => (isAlive() ? value : new Promise<T>(() => {})),
            (error) => (isAlive() ? Promise.reject(error) : new Promise<T>(() => {})),
          )
        : new Promise<T>(() => {});
    const guarded = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (object, name) => {
          const member = Reflect.get(object, name);
          return typeof member === "function" && name !== "prepare"
            ? (...args: unknown[]) => alive(async () => member.apply(object, args))
            : member;
        },
      });
    const d1 = guarded(database.d1);
    const deps = {
      storage: guarded(storage.view),
      clock: {
        now: clock.now,
        after: (ms: number, run: () => void) => clock.after(ms, () => isAlive() && run()),
      },
      fetch: (input: RequestInfo | URL, init?: RequestInit) =>
        alive(async () => {
          fetching++;
          try {
            return await upstreams.fetch(input as RequestInfo, init);
          } finally {
            fetching--;
          }
        }),
      newId: () => crypto.randomUUID(),
      random: Math.random,
      readRoster: () =>
        alive(async () => {
          rosterReads++;
          return rig.readRoster();
        }),
      store: createStore(createDb(d1)),
      lock: async (callback: () => Promise<void>) => {
        lockedAt = clock.now();
        try {
          await callback();
        } finally {
          longestLockMs = Math.max(longestLockMs, clock.now() - lockedAt);
          lockedAt = undefined;
        }
      },
      getConfig: () => parseConfig({ ...env, ...vars }),
      readNewest: () => readNewest(createDb(d1), { now: clock.now, after: clock.after }),
      readDatabaseStatus: () => readDatabaseStatus(createDb(d1), { now: clock.now, after: clock.after }),
      sendHeartbeat: async () => {
        heartbeats.push(clock.now());
      },
      log: (level: string, event: string, fields: Record<string, unknown>) => {
        logs.push({ level, event, at: clock.now(), fields });
      },
    };
    return createRebuild(deps as unknown as Parameters<typeof createRebuild>[0]);
  };

  /** Waits for `work`; when everybody is quiet, they wait for time, and time moves on to the next timer. */
  const settle = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const ended = work.finally(() => {
      done = true;
    });
    ended.catch(() => {});
    let seen = -1;
    for (let quiet = 0; !done; ) {
      await Promise.race([ended.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 0))]);
      const activity = upstreams.calls.length + database.calls + storage.activity();
      const isBusy = fetching - rig.hanging > 0 || database.running > 0 || activity !== seen;
      seen = activity;
      quiet = isBusy ? 0 : quiet + 1;
      if (quiet >= QUIET_TURNS && clock.fireNext()) quiet = 0;
      if (quiet > MAX_QUIET_TURNS) throw new Error("everything waits, and no timer is set");
    }
    return work;
  };

  let rebuild = boot();

  const rig = {
    upstreams,
    /** What the roster's key holds at a read; null = absent. */
    readRoster: async (): Promise<string | null> => toRosterText(options.agents),
    rosterReads: () => rosterReads,
    onDatabase: undefined as DatabaseScript | undefined,
    /** Calls at the upstreams that the test never answers: nobody waits for them but by a timer. */
    hanging: 0,
    logs,
    heartbeats,
    storage,
    vars,
    get now() {
      return clock.now();
    },
    get alarmAt() {
      return storage.alarmAt();
    },
    advance: (ms: number) => clock.advance(ms),
    sleep: (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve)),

    /** Lets the alarm that is set fire, at its time; the clock moves there. */
    async alarm(): Promise<Fired> {
      const due = storage.alarmAt();
      if (due === null) throw new Error("no alarm is set");
      clock.advance(Math.max(0, due - clock.now()));
      storage.setAlarmAt(null);
      return rig.watch(() => rebuild.alarm());
    },

    async alarms(n: number): Promise<Fired[]> {
      const fired: Fired[] = [];
      for (let index = 0; index < n; index++) fired.push(await rig.alarm());
      return fired;
    },

    /** Every alarm of the next so many minutes. */
    async run(minutes: number): Promise<Fired[]> {
      const until = clock.now() + minutes * MINUTE_MS;
      const fired: Fired[] = [];
      while ((storage.alarmAt() ?? Number.POSITIVE_INFINITY) <= until) fired.push(await rig.alarm());
      clock.advance(until - clock.now());
      return fired;
    },

    /** An operator's tick. */
    tick: () => rig.watch(() => rebuild.tick()),

    async watch(run: () => Promise<unknown>): Promise<Fired> {
      const at = clock.now();
      const [firstCall, databaseCalls, reads] = [upstreams.calls.length, database.calls, rosterReads];
      longestLockMs = 0;
      let threw: string | null = null;
      let crashed = false;
      crash = Promise.withResolvers<never>();
      crash.promise.catch(() => {});
      try {
        await settle(Promise.race([run(), crash.promise]));
      } catch (error) {
        if (error instanceof Crash) crashed = true;
        else threw = error instanceof Error ? error.message : String(error);
        if (!crashed && storage.alarmAt() === null) storage.setAlarmAt(clock.now() + PLATFORM_RETRY_MS);
      }
      // A crash in the middle of the handler leaves the alarm that was set before; without one it fires again.
      if (crashed && storage.alarmAt() === null) storage.setAlarmAt(clock.now());
      const calls = upstreams.calls.slice(firstCall);
      return {
        at,
        nextAt: storage.alarmAt(),
        asked: { stacks: listAsked("stacks", calls), bitcoin: listAsked("bitcoin", calls) },
        calls,
        subrequests: calls.length + database.calls - databaseCalls + rosterReads - reads,
        lockMs: longestLockMs,
        threw,
        crashed,
      };
    },

    /** The object dies now, in the middle of whatever it does; the next call meets a new one on the same storage. */
    crash(): Promise<never> {
      clock.forgetTimers();
      lockedAt = undefined;
      rebuild = boot();
      crash.reject(new Crash());
      return new Promise<never>(() => {});
    },

    /** A second object on the same database, with a storage of its own. */
    async competitor(roster: string | null): Promise<void> {
      const own = createStorage({});
      const other = createRebuild({
        ...({
          storage: own.view,
          clock: { now: clock.now, after: clock.after },
          fetch: (input: RequestInfo | URL, init?: RequestInit) => upstreams.fetch(input as RequestInfo, init),
          newId: () => crypto.randomUUID(),
          random: Math.random,
          readRoster: async () => roster,
          store: createStore(createDb(env.DB)),
          lock: (callback: () => Promise<void>) => callback(),
          getConfig: () => parseConfig({ ...env, ...vars }),
          readNewest: async () => null,
          readDatabaseStatus: async () => null,
          sendHeartbeat: async () => {},
          log: () => {},
        } as unknown as Parameters<typeof createRebuild>[0]),
      });
      await other.alarm();
    },

    status: async (): Promise<SeenStatus> => (await settle(rebuild.status())) as unknown as SeenStatus,
    pause: (control: { until?: number; reason?: string }) => settle(rebuild.pause(control)),
    resume: () => settle(rebuild.resume()),
    reset: () => settle(rebuild.reset()),
    accept: (id: string) => settle(rebuild.accept(id)),

    /** The id under which something is held back, and can be accepted. */
    async findHeld(kind: "roster" | "fall" | "price"): Promise<string | undefined> {
      const status = await rig.status();
      const hold = status.holds?.find((one) => one.kind === kind)?.id;
      if (hold !== undefined || kind === "price") return hold;
      const quarantines = (status as { quarantines?: { id: string }[] }).quarantines;
      return kind === "roster" ? status.roster.held?.id : quarantines?.[0]?.id;
    },
  };
  storage.setAlarmAt(clock.now());
  return rig;
}

class Crash extends Error {}

function listAsked(lane: "stacks" | "bitcoin", calls: readonly Call[]): string[] {
  return [...new Set(calls.filter((call) => isAbout(lane, call)).map((call) => call.address))];
}

/** A Durable Object's storage and alarm, from memory; values are copied as the platform copies them. */
function createStorage(initial: Record<string, unknown>) {
  const values = new Map<string, unknown>(Object.entries(structuredClone(initial)));
  let alarmAt: number | null = null;
  let activity = 0;
  const view = {
    async get(keys: string | string[]): Promise<unknown> {
      activity++;
      if (typeof keys === "string") return structuredClone(values.get(keys));
      return new Map(keys.flatMap((key) => (values.has(key) ? [[key, structuredClone(values.get(key))]] : [])));
    },
    async put(keyOrEntries: string | Record<string, unknown>, value?: unknown): Promise<void> {
      activity++;
      const entries = typeof keyOrEntries === "string" ? { [keyOrEntries]: value } : keyOrEntries;
      for (const [key, entry] of Object.entries(structuredClone(entries))) values.set(key, entry);
    },
    async delete(keys: string | string[]): Promise<boolean | number> {
      activity++;
      if (typeof keys === "string") return values.delete(keys);
      return keys.filter((key) => values.delete(key)).length;
    },
    async list(): Promise<Map<string, unknown>> {
      return structuredClone(values);
    },
    getAlarm: async (): Promise<number | null> => alarmAt,
    async setAlarm(at: number | Date): Promise<void> {
      activity++;
      alarmAt = Number(at);
    },
    async deleteAlarm(): Promise<void> {
      alarmAt = null;
    },
    async transaction<T>(run: (storage: unknown) => Promise<T>): Promise<T> {
      return run(view);
    },
    sync: async () => {},
  };
  return {
    view,
    activity: () => activity,
    alarmAt: () => alarmAt,
    setAlarmAt(at: number | null) {
      alarmAt = at;
    },
    /** Everything stored, as it would be read back. */
    dump: () => structuredClone(Object.fromEntries(values)),
    set(key: string, value: unknown) {
      values.set(key, structuredClone(value));
    },
  };
}

export interface FetchRow {
  stacksGoodAt: number;
  stacksError: string | null;
  bitcoinGoodAt: number;
  bitcoinError: string | null;
  leftOut: number;
}

/** How the last attempts at each listed agent went; 0 = never well. */
export async function readFetches(): Promise<Map<string, FetchRow>> {
  const { results } = await env.DB.prepare(
    `SELECT a.stx_address AS address, coalesce(f.stacks_good_at, 0) AS stacksGoodAt, f.stacks_error AS stacksError,
      coalesce(f.bitcoin_good_at, 0) AS bitcoinGoodAt, f.bitcoin_error AS bitcoinError,
      coalesce(f.tokens_left_out, 0) AS leftOut
    FROM agents AS a LEFT JOIN fetches AS f ON f.agent_address = a.stx_address WHERE a.removed_at IS NULL`,
  ).all<FetchRow & { address: string }>();
  return new Map(results.map(({ address, ...row }) => [address, row]));
}

/** Stored amounts: agent -> token -> digits. */
export async function readBalances(): Promise<Record<string, Record<string, string>>> {
  const { results } = await env.DB.prepare("SELECT agent_address, token_id, raw_amount FROM balances").all<{
    agent_address: string;
    token_id: string;
    raw_amount: string;
  }>();
  const balances: Record<string, Record<string, string>> = {};
  for (const row of results) {
    balances[row.agent_address] = { ...balances[row.agent_address], [row.token_id]: row.raw_amount };
  }
  return balances;
}

export interface Published {
  version: number;
  publishedAt: number;
  staleAfter: number;
  totalUsd: number; // whole dollars and parts
  prices: Record<string, number>;
  rows: Map<string, { rank: number; totalUsd: number; partial: boolean; tokens: string }>;
}

/** The newest published ranking. */
export async function readPublished(): Promise<Published | undefined> {
  const row = await env.DB.prepare("SELECT * FROM publications ORDER BY version DESC LIMIT 1").first<
    Record<string, unknown>
  >();
  if (!row) return undefined;
  const { results } = await env.DB.prepare("SELECT * FROM standings WHERE version = ?")
    .bind(row.version)
    .all<Record<string, unknown>>();
  const prices = JSON.parse(String(row.prices)) as Record<string, number | { usd: number }>;
  return {
    version: Number(row.version),
    publishedAt: Number(row.published_at),
    staleAfter: Number(row.stale_after),
    totalUsd: Number(row.total_usd ?? row.total_micros) / 1e6,
    prices: Object.fromEntries(
      Object.entries(prices).map(([token, price]) => [token, typeof price === "number" ? price : price.usd]),
    ),
    rows: new Map(
      results.map((standing) => [
        String(standing.stx_address),
        {
          rank: Number(standing.rank),
          totalUsd: Number(standing.total_usd) / 1e6,
          partial: Number(standing.partial) === 1,
          tokens: String(standing.tokens),
        },
      ]),
    ),
  };
}

export const readTables = (): Promise<TableRows> => readAllTables(env.DB);
export const writeTables = (rows: TableRows): Promise<void> => writeAllTables(env.DB, rows);

/** One statement, for what only a test does to the database. */
export async function execute(sql: string, ...parameters: unknown[]): Promise<Record<string, unknown>[]> {
  return (
    await env.DB.prepare(sql)
      .bind(...parameters)
      .all<Record<string, unknown>>()
  ).results;
}

export { type Call, isAbout };
