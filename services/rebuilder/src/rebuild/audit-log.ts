import type { ActionOptions } from "../contract/rpc.ts";
import { toFactsNow } from "../tick/facts.ts";
import type { OperatorAction } from "../tick/memory.ts";
import { guardStore } from "../tick/store.ts";
import { describeError } from "../tick/tick.ts";
import { findConfig, type RebuildDeps } from "./deps.ts";
import type { ObjectMemory } from "./memory.ts";

/** Actions that wait for the database to answer again: more than anyone does by hand in an outage. */
const KEPT_UNWRITTEN_ACTIONS = 100;

/** What operators did: logged at once, and written to the audit log as soon as the database takes it. */
export function createAuditLog(deps: RebuildDeps, memory: ObjectMemory) {
  const { storage, clock, log } = deps;
  let recorded = 0;

  const record = async (action: string, subject: string | null, { reason }: ActionOptions, outcome: string) => {
    const entry: OperatorAction = {
      id: deps.newId(),
      at: clock.now(),
      action,
      subject,
      reason: reason ?? null,
      outcome,
    };
    recorded++;
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
    record,
    flush,
    /** Actions that this object has seen: a tick that ran meanwhile knows nothing of the later ones. */
    countRecorded: () => recorded,
    async hasUnwritten(): Promise<boolean> {
      return (await memory.getControl()).unwritten.length > 0;
    },
  };
}

export type AuditLog = ReturnType<typeof createAuditLog>;
