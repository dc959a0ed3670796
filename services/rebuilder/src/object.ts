import { DurableObject } from "cloudflare:workers";
import { systemClock } from "@standings/balances";
import type { RebuilderApi } from "./contract/status.ts";
import { type Env, parseConfig } from "./env.ts";
import { log } from "./log.ts";
import { sendHeartbeat } from "./rebuild/heartbeat.ts";
import { createRebuild } from "./rebuild/rebuild.ts";
import { readDatabaseStatus } from "./rebuild/to-status.ts";
import { ROSTER_KEY } from "./safeguards/roster-shrink.ts";
import { createStore } from "./tick/store.ts";

/** The one object that rebuilds the board: the rebuild, with the platform handed to it. */
export class DashboardRebuildDO extends DurableObject<Env> implements RebuilderApi {
  readonly #rebuild = createRebuild({
    storage: this.ctx.storage,
    clock: systemClock,
    fetch: (input, init) => fetch(input, init),
    newTickId: () => crypto.randomUUID(),
    readRoster: () => this.env.VERIFIED_AGENTS.get(ROSTER_KEY),
    store: createStore(this.env.DB),
    lock: (callback) => this.ctx.blockConcurrencyWhile(callback),
    getConfig: () => parseConfig(this.env),
    readDatabaseStatus: () => readDatabaseStatus(this.env.DB, systemClock),
    sendHeartbeat: () => sendHeartbeat(this.env.HEARTBEAT_URL),
    log,
  });

  override alarm() {
    return this.#rebuild.alarm();
  }
  status() {
    return this.#rebuild.status();
  }
  tick() {
    return this.#rebuild.tick();
  }
  pause(options: { until?: number; reason?: string }) {
    return this.#rebuild.pause(options);
  }
  resume() {
    return this.#rebuild.resume();
  }
  reset() {
    return this.#rebuild.reset();
  }
  accept(id: string) {
    return this.#rebuild.accept(id);
  }
  ensureAlarm() {
    return this.#rebuild.ensureAlarm();
  }
}
