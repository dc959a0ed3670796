import type { Clock } from "@standings/balances";
import type { Config } from "../config.ts";
import type { log } from "../log.ts";
import type { TickDeps } from "../tick/tick.ts";
import type { DatabaseStatus, NewestRead } from "./database-status.ts";
import type { Storage } from "./memory.ts";

/** What the platform gives the rebuild; a simulation gives the same from memory. */
export interface RebuildDeps extends Omit<TickDeps, "config" | "memory" | "givenUp"> {
  storage: Storage;
  clock: Clock;
  /** Throws when the vars are missing or malformed. */
  getConfig(): Config;
  /** The newest ranking and what is known of its age; null when the database does not answer. */
  readNewest(): Promise<NewestRead | null>;
  /** What the database adds to the status; null when it does not answer. */
  readDatabaseStatus(): Promise<DatabaseStatus | null>;
  /** Tells whoever watches from outside that both lanes brought good answers. */
  sendHeartbeat(): Promise<void>;
  log: typeof log;
}

/** What a broken configuration leaves to go by until it is mended: slow, but armed. */
const UNCONFIGURED = { idleMs: 600_000, watchdogMs: 180_000, forcedTicks: { spacingMs: 0, perDay: 0 } };

export type Intervals = Pick<Config, "idleMs" | "watchdogMs" | "forcedTicks">;

export function getIntervals({ getConfig }: Pick<RebuildDeps, "getConfig">): Intervals {
  return findConfig({ getConfig }) ?? UNCONFIGURED;
}

/** The configuration; null while it is broken, of which the tick itself and the status say what is wrong. */
export function findConfig({ getConfig }: Pick<RebuildDeps, "getConfig">): Config | null {
  try {
    return getConfig();
  } catch {
    return null;
  }
}
