import { COMMIT } from "./lists/commit.ts";
import { JUDGEMENT } from "./lists/judgement.ts";
import { LANES } from "./lists/lanes.ts";
import { REBUILD } from "./lists/rebuild.ts";
import type { Draft, Mutation } from "./mutation.ts";

/** Each guard that keeps the board true and the rebuild alive. Without any one of them some test must fail. */
export const MUTATIONS: readonly Mutation[] = [...REBUILD, ...LANES, ...JUDGEMENT, ...COMMIT];

export const DRAFTS: readonly Draft[] = [
  {
    name: "fall: trusted after three rotations, not one more",
    missing: "proof",
    why: "a test of judgeFalls without another route: believed with the third rotation over an hour",
  },
  {
    name: "price: a drift is judged against the price of an hour ago",
    missing: "proof",
    why: "a test of judgePrice: many small steps of one source that together pass the bound within an hour",
  },
  {
    name: "alarm: a running tick is left alone by the watchdog",
    missing: "proof",
    why: "a test of ensureAlarm while a tick runs whose alarm is used up: isRunning || !isLost -> !isLost",
  },
  {
    name: "lock: nothing else of the object runs meanwhile",
    missing: "proof",
    why: "a workerd test that sees an operator's action wait for the commit: blockConcurrencyWhile(callback) -> callback()",
  },
  {
    name: "log of ticks: old rows are deleted",
    missing: "proof",
    why: "a test of compileTickWrites past KEPT_TICK_COMMITS: DELETE FROM tick_commits WHERE epoch <= ... -> WHERE 0",
  },
];
