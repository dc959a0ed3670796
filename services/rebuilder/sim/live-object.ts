import type { Clock, HostName } from "@standings/balances";
import type { Rebuild } from "../src/rebuild/rebuild.ts";
import { ModelStorage, type StorageGate, type StoredThings } from "./model-storage.ts";
import type { Caller } from "./model-upstreams.ts";

/** A Durable Object in memory. Another may have its place while it still lives: then it knows nothing of that. */
export class LiveObject implements Caller {
  readonly id: number;
  readonly clock: Clock;
  readonly storage: ModelStorage;
  isAlive = true; // false = crashed: nothing of it goes on
  isCurrent = true; // false = another has its place, and nothing that it stores is kept
  rebuild: Rebuild | undefined;
  inFlight = 0;
  notBefore = new Map<HostName, number>();
  lockedSince: number | null = null;
  /** Fetches, KV reads and D1 calls since it was last idle. */
  subrequests = 0;
  isTicking = false;
  readonly activities = new Set<Promise<unknown>>();

  constructor(
    id: number,
    options: { clock: (isAlive: () => boolean) => Clock; things: StoredThings; gate: StorageGate; copies: boolean },
  ) {
    this.id = id;
    this.clock = options.clock(() => this.isAlive);
    this.storage = new ModelStorage(options.things, options.gate, options.copies);
  }

  get isBusy(): boolean {
    return this.activities.size > 0;
  }
}
