import type { AcceptAnswer, ActionOptions, TickAnswer } from "../contract/rpc.ts";
import { toAlarmTime } from "../tick/interval.ts";
import { KEPT_ACCEPTED_IDS } from "../tick/memory.ts";
import type { AuditLog } from "./audit-log.ts";
import { getIntervals, type RebuildDeps } from "./deps.ts";
import { allowForcedTick } from "./forced-ticks.ts";
import type { ObjectMemory } from "./memory.ts";

/** What operators may do. */
export function createOperator(deps: RebuildDeps, memory: ObjectMemory, { record }: AuditLog) {
  const { storage, clock, log } = deps;

  return {
    /** Whether an operator's tick may start now; counts it when it may. */
    async allowTick(options: ActionOptions): Promise<Exclude<TickAnswer, { ok: true }> | undefined> {
      const { forced } = await memory.getControl();
      const allowed = allowForcedTick(forced, getIntervals(deps).forcedTicks, clock.now());
      if (!allowed.ok) return { ok: false, reason: allowed.reason, retryAfterMs: allowed.retryAfterMs };
      await memory.setControl({ forced: allowed.forced });
      await record("tick", null, options, "begun");
      return undefined;
    },

    async pause({ until, ...options }: ActionOptions & { until?: number }): Promise<void> {
      await memory.setControl({
        paused: { since: clock.now(), until: until ?? null, reason: options.reason ?? null },
      });
      await record("pause", until === undefined ? null : new Date(until).toISOString(), options, "paused");
    },

    async resume(options: ActionOptions): Promise<void> {
      await memory.setControl({ paused: null });
      // The tick that follows is as good as a forced one: not sooner after the last than those may come.
      const { state } = await memory.load();
      const lastAt = state.journal.ticks[0]?.startedAt ?? Number.NEGATIVE_INFINITY;
      await storage.setAlarm(toAlarmTime(lastAt, getIntervals(deps).forcedTicks.spacingMs, clock.now()));
      await record("resume", null, options, "resumed");
    },

    async reset(options: ActionOptions): Promise<void> {
      // Left for the next tick to see: a running one saves its own place and would undo a change to it.
      const { resets } = await memory.getControl();
      await memory.setControl({ resets: resets + 1 });
      await record("reset", null, options, "both lanes begin a new rotation with the next tick");
    },

    async accept(id: string, options: ActionOptions): Promise<AcceptAnswer> {
      const { state, control } = await memory.load();
      if (!state.holds.some((hold) => hold.id === id)) {
        log("info", "operator.acted", { action: "accept", subject: id, outcome: "unknown-id" });
        return { ok: false, reason: "unknown-id" };
      }
      const acceptedIds = [id, ...control.acceptedIds.filter((one) => one !== id)].slice(0, KEPT_ACCEPTED_IDS);
      await memory.setControl({ acceptedIds });
      await record("accept", id, options, "released with the next tick");
      return { ok: true };
    },
  };
}
