import type { RebuilderStatus, TickReport } from "./status.ts";

export type TickAnswer =
  | { ok: true; report: TickReport; joined: boolean }
  | { ok: false; reason: "paused" }
  | { ok: false; reason: "too-soon" | "daily-limit"; retryAfterMs: number };

export type AcceptAnswer = { ok: true } | { ok: false; reason: "unknown-id" };

/** Why an operator did it, in their own words: kept in the audit log. */
export interface ActionOptions {
  reason?: string;
}

/**
 * The rebuilder's only way in, over the service binding. Every call re-arms a lost or overdue alarm. Changes are
 * additive: a newer API may meet an older rebuilder for minutes.
 */
export interface RebuilderApi {
  status(): Promise<RebuilderStatus>;
  /** Runs one tick now, or joins the running one. */
  tick(options?: ActionOptions): Promise<TickAnswer>;
  /** Stops starting ticks; `until` in Unix milliseconds, absent = until resume(). */
  pause(options: ActionOptions & { until?: number }): Promise<RebuilderStatus>;
  /** Ends a pause and arms the next tick at once. */
  resume(options?: ActionOptions): Promise<RebuilderStatus>;
  /** Starts a new rotation on both lanes at the next tick; nothing stored is deleted. */
  reset(options?: ActionOptions): Promise<RebuilderStatus>;
  /** Releases a hold, by its id. */
  accept(id: string, options?: ActionOptions): Promise<AcceptAnswer>;
  ensureAlarm(): Promise<{ alarmAt: number | null; rearmed: boolean }>;
}
