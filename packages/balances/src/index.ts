export { isStacksAddress, parseBitcoinAddress } from "./address.ts";
export { MAX_MICRO_STX, MAX_SATOSHI, MAX_UINT128, parseAmount } from "./amount.ts";
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
  NEW_HOST,
  toBudgetHost,
} from "./clients/hosts.ts";
export {
  type Attempt,
  CALL_TIMEOUT_MS,
  createHttp,
  describeFailure,
  type FailureReason,
  type Http,
  MAX_BODY_BYTES,
  type PostponedReason,
} from "./clients/http.ts";
export { fetchBitcoinBalance } from "./clients/mempool.ts";
export { toPaceMs, toRunOutAt, toUseNow } from "./clients/monthly-budget.ts";
export { fetchWitness, toClarityPrincipal } from "./clients/witness.ts";
export { type Clock, systemClock } from "./clock.ts";
export { MAX_NAME_GRAPHEMES, toDisplayName } from "./display-name.ts";
export { fetchQuotes, MAX_PRICE_CALLS, type Quotes } from "./prices/feeds.ts";
export { isUsable, MAX_DISAGREEMENT, type Price, type Quote, toRatio } from "./prices/quote.ts";
export { MAX_ROSTER_BYTES, parseRoster, type Rejection, type RosterAgent, type RosterParse } from "./roster.ts";
export {
  BTC,
  COINS,
  COUNTED_TOKENS,
  isCounted,
  parseAssetIdentifier,
  SBTC,
  SBTC_ASSET_IDENTIFIER,
  SBTC_CONTRACT_ID,
  STX,
  toContractId,
  toTokenId,
} from "./tokens/assets.ts";
export { LANES, type Lane, type LaneBalances, type TokenBalance } from "./types.ts";
export { valueUsdMicros } from "./value.ts";
export { toAgentWords, toWords } from "./words.ts";
