import { classifyD1Error } from "@standings/db";
import type { TickOutcome, TickReport } from "../contract/status.ts";
import { toNotBegun, toNotMigrated } from "./commit.ts";
import { toAlarmTime } from "./interval.ts";
import { assertNotGivenUp } from "./lock.ts";
import type { Memory } from "./memory.ts";
import { toUnplannedState } from "./next-state.ts";
import { toReport } from "./report.ts";
import type { Tick } from "./tick.ts";
import { toInterval } from "./turn.ts";

/** Ends a tick whose plan failed: the database was out of reach, nobody was asked, nothing moves. */
export async function endUnplanned(tick: Tick, memory: Memory, error: unknown): Promise<TickReport> {
  const { kind, message } = classifyD1Error(error);
  const outcome: TickOutcome = kind === "not-migrated" ? "not-migrated" : "commit-failed";
  const interval = toInterval(tick, memory, { plan: undefined, answers: undefined, isCommitted: false });
  const result = toNotBegun(outcome, kind === "not-migrated" ? toNotMigrated(message) : message, memory.state.place);
  const report = toReport(tick, { plan: undefined, answers: undefined, result, version: null, interval });
  assertNotGivenUp(tick.deps.givenUp);
  const alarmAt = toAlarmTime(tick.startedAt, interval.ms, tick.now());
  await tick.deps.memory.save(toUnplannedState(memory, tick, { report, interval }), alarmAt);
  return report;
}
