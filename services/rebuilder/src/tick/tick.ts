import type { Budget, Clock, HiroRoutes, Hosts } from "@standings/balances";
import type { TickTrigger } from "../contract/status.ts";
import type { Config } from "../env.ts";
import type { Control, RebuildState, Unfinished } from "../rebuild/state.ts";
import type { Store } from "./store.ts";

/** What outlives a tick. */
export interface Memory {
  load(): Promise<{ state: RebuildState; control: Control; unfinished: Unfinished }>;
  /** Saves the state and sets the alarm, both or neither. */
  save(state: RebuildState, alarmAt: number): Promise<void>;
}

export interface TickDeps {
  config: Config;
  fetch: typeof fetch;
  clock: Clock;
  newTickId(): string;
  readRoster(): Promise<string | null>;
  store: Store;
  storeTimeoutMs?: number;
  memory: Memory;
  /** Nothing else of the object runs meanwhile. The callback must not throw: that would reset the object. */
  lock(callback: () => Promise<void>): Promise<void>;
  /** Aborted when the tick was given up: from then on it must not save anything. */
  givenUp: AbortSignal;
}

/** One tick under way: who it is, and what counts and gates its calls. */
export interface Tick {
  id: string;
  trigger: TickTrigger;
  startedAt: number;
  budget: Budget;
  store: Store;
  hosts: Hosts;
  routes: HiroRoutes;
}

/** Errors as the person on call reads them: the message alone, bounded. */
export function describeError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
