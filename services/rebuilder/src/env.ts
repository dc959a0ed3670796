import type { Vars } from "./config.ts";
import type { DashboardRebuildDO } from "./object.ts";

/** The bindings of wrangler.rebuilder.jsonc, and the vars and secrets that config.ts reads. */
export interface Env extends Vars {
  DB: D1Database;
  VERIFIED_AGENTS: KVNamespace;
  DASHBOARD_REBUILD_DO: DurableObjectNamespace<DashboardRebuildDO>;
}
