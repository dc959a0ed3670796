import type { Vars } from "./config.ts";
import type { RebuilderApi } from "./contract/rpc.ts";

/** The one object as others reach it: by its RPC methods. */
interface RebuildObject extends RebuilderApi, Rpc.DurableObjectBranded {}

/** The bindings of wrangler.rebuilder.jsonc, and the vars and secrets that config.ts reads. */
export interface Env extends Vars {
  DB: D1Database;
  VERIFIED_AGENTS: KVNamespace;
  DASHBOARD_REBUILD_DO: DurableObjectNamespace<RebuildObject>;
}
