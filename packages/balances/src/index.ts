export { isStacksAddress, parseBitcoinAddress } from "./address.ts";
export { MAX_UINT128 } from "./amount.ts";
export { type Budget, createBudget } from "./clients/budget.ts";
export { type Connections, createConnections, MAX_CONNECTIONS } from "./clients/connections.ts";
export { createGates, type Gates } from "./clients/gates.ts";
export { fetchStacksBalances, HIRO_CALLS, type HiroRoutes, type HiroVersion } from "./clients/hiro.ts";
export { MAX_TOKENS_PER_AGENT } from "./clients/holdings.ts";
export {
  BALANCE_HOSTS,
  BUDGET_HOSTS,
  type BudgetHost,
  HOST_NAMES,
  type HostCounts,
  type HostName,
  type HostState,
  toBudgetHost,
} from "./clients/hosts.ts";
export {
  type Attempt,
  createHttp,
  describeFailure,
  type Http,
} from "./clients/http.ts";
export { fetchBitcoinBalance } from "./clients/mempool.ts";
export { toPaceMs, toRunOutAt, toUseNow } from "./clients/monthly-budget.ts";
export { fetchWitness } from "./clients/witness.ts";
export { type Clock, systemClock } from "./clock.ts";

export { fetchQuotes, MAX_PRICE_CALLS, type Quotes } from "./prices/feeds.ts";
export { isUsable, MAX_DISAGREEMENT, type Price, type Quote, toRatio } from "./prices/quote.ts";
export { parseRoster, type RosterAgent, type RosterParse } from "./roster.ts";
export {
  BTC,
  COINS,
  isCounted,
  SBTC,
  SBTC_ASSET_IDENTIFIER,
  SBTC_CONTRACT_ID,
  STX,
  toContractId,
} from "./tokens/assets.ts";
export { LANES, type Lane, type LaneBalances, type TokenBalance } from "./types.ts";
export { valueUsdMicros } from "./value.ts";
export { toAgentWords, toWords } from "./words.ts";
