import { DurableObject } from "cloudflare:workers";
import { systemClock } from "@standings/balances";
import { createDb } from "@standings/db";
import { parseConfig } from "./config.ts";
import type { ActionOptions, RebuilderApi } from "./contract/rpc.ts";
import type { Env } from "./env.ts";
import { log } from "./log.ts";
import { readDatabaseStatus, readNewest } from "./rebuild/database-status.ts";
import { sendHeartbeat } from "./rebuild/heartbeat.ts";
import { createRebuild } from "./rebuild/rebuild.ts";
import { ROSTER_KEY } from "./safeguards/roster-shrink.ts";
import { createStore } from "./tick/store.ts";

/** The one object that rebuilds the board: the rebuild, with the platform handed to it. */
export class DashboardRebuildDO extends DurableObject<Env> implements RebuilderApi {
  readonly #db = createDb(this.env.DB);
  readonly #rebuild = createRebuild({
    storage: this.ctx.storage,
    clock: systemClock,
    fetch: (input, init) => fetch(input, init),
    random: () => Math.random(),
    newId: () => crypto.randomUUID(),
    readRoster: () => this.env.VERIFIED_AGENTS.get(ROSTER_KEY),
    store: createStore(this.#db),
    lock: (callback) => this.ctx.blockConcurrencyWhile(callback),
    getConfig: () => parseConfig(this.env),
    readNewest: () => readNewest(this.#db, systemClock),
    readDatabaseStatus: () => readDatabaseStatus(this.#db, systemClock),
    sendHeartbeat: () => sendHeartbeat(this.env.HEARTBEAT_URL),
    log,
  });

  override alarm() {
    return this.#rebuild.alarm();
  }
  status() {
    return this.#rebuild.status();
  }
  tick(options?: ActionOptions) {
    return this.#rebuild.tick(options);
  }
  pause(options: ActionOptions & { until?: number }) {
    return this.#rebuild.pause(options);
  }
  resume(options?: ActionOptions) {
    return this.#rebuild.resume(options);
  }
  reset(options?: ActionOptions) {
    return this.#rebuild.reset(options);
  }
  accept(id: string, options?: ActionOptions) {
    return this.#rebuild.accept(id, options);
  }
  ensureAlarm() {
    return this.#rebuild.ensureAlarm();
  }
}
