export { createDb, type Db, MAX_BATCH_STATEMENTS, MAX_BOUND_PARAMETERS } from "./client.ts";
export { classifyD1Error, isD1Error, MAX_ERROR_LENGTH } from "./errors.ts";
export { MAX_JSON_PARAMETER_BYTES } from "./json-parameter.ts";
export { findListedAgent, getPendingAgent } from "./queries/agents.ts";
export type { LaneAnswer } from "./queries/answers.ts";

export { getRowCounts, type RowCounts } from "./queries/counts.ts";
export {
  compileFreshness,
  type FreshnessRead,
  type FreshnessWrite,
  findFreshness,
  findNewest,
  type LaneAges,
} from "./queries/freshness.ts";
export { ADDRESS_CHANGED, FALL_HELD } from "./queries/lane-errors.ts";
export { compileOperatorAction, KEPT_OPERATOR_ACTIONS, listOperatorActions } from "./queries/operator-actions.ts";
export { listAgentsAfter, type PlanRead, type RosterPlace, readPlan } from "./queries/plan.ts";
export { getLastGoodPrices } from "./queries/prices.ts";
export { findTickId } from "./queries/progress.ts";
export { findNewestPublication, findPublication, type Publication } from "./queries/publications.ts";
export {
  compilePublish,
  KEEP_NEWEST_VERSIONS,
  KEEP_REMOVED_AGENTS_MS,
  KEEP_VERSIONS_MS,
  MAX_KEPT_VERSIONS,
  type NewPublication,
} from "./queries/publish.ts";
export type { Release } from "./queries/releases.ts";
export {
  getListedAgents,
  KEEP_FRESH_RETURN_MS,
  type ListedAgent,
  type RosterChange,
} from "./queries/roster.ts";
export { findMatches, MAX_WORDS_LOOKED_AT, type Matches } from "./queries/search.ts";
export {
  findStanding,
  findStandingsPage,
  type Standing,
  type StandingToken,
} from "./queries/standings.ts";
export { getStored, type Stored, type StoredAgent, type StoredLane } from "./queries/stored.ts";
export { type AcceptedPrice, compileTickWrites, KEPT_TICK_COMMITS, type TickWrites } from "./queries/tick-commit.ts";
export { type LoggedTick, listLoggedTicks } from "./queries/tick-log.ts";
export { usdMicrosSql } from "./queries/valuation.ts";
export type * from "./tables.ts";
