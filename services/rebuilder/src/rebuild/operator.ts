import type { AcceptAnswer, ActionOptions, TickAnswer } from "../contract/rpc.ts";
import { toFactsNow } from "../tick/facts.ts";
import { toAlarmTime } from "../tick/interval.ts";
import { KEPT_ACCEPTED_IDS, type OperatorAction } from "../tick/memory.ts";
import { guardStore } from "../tick/store.ts";
import { describeError } from "../tick/tick.ts";
import { findConfig, getIntervals, type RebuildDeps } from "./deps.ts";
import { allowForcedTick } from "./forced-ticks.ts";
import type { ObjectMemory } from "./memory.ts";

/** Actions that wait for the database to answer again: more than anyone does by hand in an outage. */
const KEPT_UNWRITTEN_ACTIONS = 100;

/** What operators may do. Every action is logged, and written to the audit log as soon as the database takes it. */
export function createOperator(deps: RebuildDeps, memory: ObjectMemory) {
  const { storage, clock, log } = deps;
  let actions = 0;

  const record = async (action: string, subject: string | null, { reason }: ActionOptions, outcome: string) => {
    const entry: OperatorAction = {
      id: deps.newId(),
      at: clock.now(),
      action,
      subject,
      reason: reason ?? null,
      outcome,
    };
    actions++;
    log("info", "operator.acted", { action, subject, reason: entry.reason, outcome });
    const { unwritten } = await memory.getControl();
    await memory.setControl({ unwritten: [...unwritten, entry].slice(-KEPT_UNWRITTEN_ACTIONS) });
    await flush();
  };

  /** Writes what the audit log lacks, and what readers judge by. What fails is tried again after the next tick. */
  const flush = async (): Promise<void> => {
    const { state, control } = await memory.load();
    const config = findConfig(deps);
    const nowMs = clock.now();
    const { acceptedIds, unwritten } = control;
    const standing = { ...state, holds: state.holds.filter(({ id }) => !acceptedIds.includes(id)) };
    const alarmAt = await storage.getAlarm();
    const facts = config && toFactsNow({ state: standing, control }, config, { nowMs, alarmAt });
    const freshness = facts && { facts: JSON.stringify(facts), at: nowMs, count: false };
    try {
      await guardStore(deps.store, clock, () => {}).writeActions(unwritten, freshness);
    } catch (error) {
      log("warn", "operator.unwritten", { actions: unwritten.length, error: describeError(error) });
      return;
    }
    const written = new Set(unwritten.map(({ id }) => id));
    const { unwritten: left } = await memory.getControl();
    await memory.setControl({ unwritten: left.filter(({ id }) => !written.has(id)) });
  };

  return {
    flush,

    /** How many actions this object has seen: a tick that ran meanwhile knows nothing of the later ones. */
    countActions: () => actions,

    async hasUnwritten(): Promise<boolean> {
      return (await memory.getControl()).unwritten.length > 0;
    },

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

export type Operator = ReturnType<typeof createOperator>;
