import { createApp } from "./app.ts";
import type { Env } from "./env.ts";
import { logError } from "./log.ts";

const app = createApp();

export default {
  fetch: app.fetch,

  /** The second, independent trigger that brings a lost or overdue alarm back. */
  async scheduled(_controller, env) {
    try {
      await env.REBUILDER.ensureAlarm();
    } catch (error) {
      logError("cron.failed", error);
    }
  },
} satisfies ExportedHandler<Env>;
