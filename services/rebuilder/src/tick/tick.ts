import {
  type Budget,
  type Clock,
  type Connections,
  createBudget,
  createConnections,
  createGates,
  createHttp,
  type Gates,
  type HiroRoutes,
  type Http,
} from "@standings/balances";
import type { Config } from "../config.ts";
import type { TickTrigger } from "../contract/status.ts";
import { RESERVED_SUBREQUESTS } from "./chunk.ts";
import type { LockDeps } from "./lock.ts";
import type { Memory, State } from "./memory.ts";
import { guardStore, type Store } from "./store.ts";

/** The database moves on from the alarm's handler; everything else is passed in. */
export interface TickDeps extends LockDeps {
  config: Config;
  fetch: typeof fetch;
  clock: Clock;
  random(): number; // 0 <= n < 1
  newId(): string;
  readRoster(): Promise<string | null>;
  store: Store;
  storeTimeoutMs?: number;
  memory: {
    load(): Promise<Memory>;
    /** Saves what outlives the tick and sets the alarm, all or nothing. */
    save(memory: Pick<Memory, "state" | "crashes">, alarmAt: number): Promise<void>;
  };
}

/** One tick under way: who it is, and what counts and gates its calls. */
export interface Tick {
  id: string;
  trigger: TickTrigger;
  startedAt: number;
  deps: TickDeps;
  budget: Budget;
  store: Store;
  gates: Gates;
  connections: Connections;
  routes: HiroRoutes;
  /** An HTTP client whose calls end with `deadline`. */
  createHttp(deadline: AbortSignal): Http;
  now(): number;
}

/** Hiro's v1 needs half the calls of v3: once it was found gone, it is tried again once a day. */
const RETRY_V1_AFTER_MS = 86_400_000;

export function beginTick(trigger: TickTrigger, { state }: Memory, deps: TickDeps): Tick {
  const { config, clock, fetch } = deps;
  const { baseUrls, headers, monthlyBudgets } = config;
  const startedAt = clock.now();
  const budget = createBudget(config.subrequestBudget, RESERVED_SUBREQUESTS);
  const connections = createConnections();
  const gates = createGates({ states: state.upstreams.hosts, clock, closedMs: config.idleMs, monthlyBudgets });
  return {
    id: deps.newId(),
    trigger,
    startedAt,
    deps,
    budget,
    store: guardStore(deps.store, clock, () => budget.spend(), deps.storeTimeoutMs),
    gates,
    connections,
    routes: { version: isV1Due(state, startedAt) ? "v1" : state.upstreams.hiro.version },
    createHttp: (deadline) => createHttp({ fetch, baseUrls, headers, budget, gates, connections, clock, deadline }),
    now: () => clock.now(),
  };
}

export function isV1Due({ upstreams: { hiro } }: State, nowMs: number): boolean {
  return hiro.version === "v3" && hiro.since !== null && nowMs - hiro.since >= RETRY_V1_AFTER_MS;
}

/** Errors as the person on call reads them: the message alone, bounded. */
export function describeError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
