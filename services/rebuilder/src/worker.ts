import type { Env } from "./env.ts";
import { log } from "./log.ts";
import { getRebuild } from "./rpc.ts";
import { describeError } from "./tick/tick.ts";

export { DashboardRebuildDO } from "./object.ts";
export { RebuilderRpc } from "./rpc.ts";

export default {
  fetch: () => new Response("Not found", { status: 404, headers: { "cache-control": "no-store" } }),

  async scheduled(_controller, env) {
    try {
      await getRebuild(env).ensureAlarm();
    } catch (error) {
      log("error", "cron.failed", { error: describeError(error) });
      throw error; // so that the platform counts the run as failed
    }
  },
} satisfies ExportedHandler<Env>;
