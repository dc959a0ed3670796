import { env } from "cloudflare:workers";
import { systemClock } from "@standings/balances";
import { createDb } from "@standings/db";
import type { TickReport } from "../src/contract/status.ts";
import { parseConfig } from "../src/env.ts";
import {
  type Control,
  NEW_CONTROL,
  NEW_STATE,
  NEW_UNFINISHED,
  type RebuildState,
  type Unfinished,
} from "../src/rebuild/state.ts";
import { runTick } from "../src/tick/run-tick.ts";
import { createStore, type Store } from "../src/tick/store.ts";
import type { TickDeps } from "../src/tick/tick.ts";
import { makeAgents, type TestAgent, toRosterText } from "./agents.ts";
import { createFakeUpstreams } from "./fake-upstreams.ts";

export const db = createDb(env.DB);

/** A rebuild with real D1, and everything else in the test's hands. */
export function createRig(agents: readonly TestAgent[] = makeAgents(3)) {
  const upstreams = createFakeUpstreams(() => rig.nowMs);
  const rig = {
    upstreams,
    roster: toRosterText(agents) as string | null,
    state: structuredClone(NEW_STATE) as RebuildState,
    control: structuredClone(NEW_CONTROL) as Control,
    unfinished: NEW_UNFINISHED as Unfinished,
    alarmAt: null as number | null,
    config: { ...parseConfig(env) },
    nowMs: Date.now(),
    isLocked: false,
    callsInLock: 0,
    givenUp: new AbortController(),
    wrapStore: (store: Store): Store => store,
    save: undefined as ((state: RebuildState, alarmAt: number) => Promise<void>) | undefined,
    after: systemClock.after,
    readRoster: undefined as (() => Promise<string | null>) | undefined,

    deps(): TickDeps {
      const clock = { after: rig.after, now: () => rig.nowMs };
      return {
        config: rig.config,
        fetch: (input, init) => {
          if (rig.isLocked) rig.callsInLock++;
          return upstreams.fetch(input, init);
        },
        clock,
        newTickId: () => crypto.randomUUID(),
        readRoster: async () => {
          if (rig.isLocked) rig.callsInLock++;
          return rig.readRoster ? rig.readRoster() : rig.roster;
        },
        store: rig.wrapStore(createStore(env.DB)),
        storeTimeoutMs: 200,
        memory: {
          load: async () => structuredClone({ state: rig.state, control: rig.control, unfinished: rig.unfinished }),
          save: async (state, alarmAt) => {
            if (rig.save) return rig.save(state, alarmAt);
            rig.state = structuredClone(state);
            rig.alarmAt = alarmAt;
          },
        },
        lock: async (callback) => {
          rig.isLocked = true;
          await callback(); // as on the platform, an exception from here would reset the object
          rig.isLocked = false;
        },
        givenUp: rig.givenUp.signal,
      };
    },

    /** One tick; time moves on by the interval it chose. */
    async tick(): Promise<TickReport> {
      upstreams.calls.length = 0;
      const report = await runTick("alarm", rig.deps());
      rig.nowMs += Math.max(1_000, report.nextIntervalMs);
      return report;
    },

    async ticks(n: number): Promise<TickReport[]> {
      const reports: TickReport[] = [];
      for (let index = 0; index < n; index++) reports.push(await rig.tick());
      return reports;
    },
  };
  return rig;
}

export type Rig = ReturnType<typeof createRig>;

export async function wipeDatabase(): Promise<void> {
  const tables = ["standings", "publications", "balances", "fetches", "tick_commits", "agents", "agent_words"];
  await env.DB.batch([
    ...tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
    env.DB.prepare("DELETE FROM tokens WHERE token_id LIKE 'S%.%'"),
    env.DB.prepare("UPDATE tokens SET price_usd = NULL, priced_at = NULL, price_source = NULL"),
  ]);
}

/** Every stored balance: agent -> token -> digits. */
export async function readBalances(): Promise<Record<string, Record<string, string>>> {
  const rows = await db.selectFrom("balances").selectAll().execute();
  const balances: Record<string, Record<string, string>> = {};
  for (const row of rows) {
    balances[row.agent_address] = { ...balances[row.agent_address], [row.token_id]: row.raw_amount };
  }
  return balances;
}

/** The newest published ranking: [address, micro-USD] in rank order. */
export async function readRanking(): Promise<[string, number][]> {
  const rows = await db
    .selectFrom("standings")
    .select(["stx_address", "total_usd"])
    .where("version", "=", (query) => query.selectFrom("publications").select((e) => e.fn.max("version").as("v")))
    .orderBy("rank")
    .execute();
  return rows.map((row) => [row.stx_address, row.total_usd]);
}
