export { createDb, executeBatch, MAX_BATCH_STATEMENTS, MAX_BOUND_PARAMETERS } from "./client.ts";
export type { Database } from "./database.ts";
export { MAX_JSON_PARAMETER_BYTES, toJsonParameters } from "./json-parameter.ts";
export { findListedAgent, getPendingAgent } from "./queries/agents.ts";
export { getRowCounts, type RowCounts } from "./queries/counts.ts";
export { getHolders } from "./queries/holders.ts";
export { getLastGoodPrices } from "./queries/prices.ts";
export { findTickId, getProgress, type Progress } from "./queries/progress.ts";
export { findNewestPublication, findPublication, type Publication } from "./queries/publications.ts";
export {
  compilePublish,
  KEEP_NEWEST_VERSIONS,
  KEEP_REMOVED_AGENTS_MS,
  KEEP_VERSIONS_MS,
  MAX_KEPT_VERSIONS,
  type NewPublication,
} from "./queries/publish.ts";
export {
  ADDRESS_CHANGED,
  compileApplyRoster,
  listAgentsAfter,
  type RosterAgent,
  type RosterPlace,
} from "./queries/roster.ts";
export { findMatches, MAX_WORDS_LOOKED_AT, type Matches } from "./queries/search.ts";
export { findStanding, findStandingsPage, type Standing, type StandingToken } from "./queries/standings.ts";
export {
  type AcceptedPrice,
  compileTickWrites,
  KEPT_TICK_COMMITS,
  type SourceName,
  type SourceWrite,
  type TickWrites,
  type TokenBalance,
} from "./queries/tick-commit.ts";
export { type LoggedTick, listLoggedTicks } from "./queries/tick-log.ts";
export { usdMicrosSql } from "./queries/valuation.ts";
export type * from "./tables.ts";
