export { isStacksAddress, parseBitcoinAddress } from "./address.ts";
export { MAX_MICRO_STX, MAX_SATOSHI, MAX_UINT128, parseAmount } from "./amount.ts";
export type { BreakerState, HostState } from "./clients/breaker.ts";
export { BLOCKED_TICKS_TO_PASS_BY, FAILURES_TO_OPEN } from "./clients/breaker.ts";
export { type Budget, createBudget } from "./clients/budget.ts";
export { BALANCE_HOSTS, createHosts, HOST_NAMES, type HostCounts, type HostName, type Hosts } from "./clients/gates.ts";
export { fetchStacksBalances, HIRO_CALLS, type HiroRoutes, type HiroVersion } from "./clients/hiro.ts";
export { MAX_TOKENS_PER_AGENT } from "./clients/holdings.ts";
export {
  type Attempt,
  CALL_TIMEOUT_MS,
  createHttp,
  type FailureReason,
  type Http,
  MAX_BODY_BYTES,
  type PostponedReason,
} from "./clients/http.ts";
export { fetchBitcoinBalance } from "./clients/mempool.ts";
export { type MonthlyUse, toPaceMs, toRunOutAt, toUseNow } from "./clients/monthly-budget.ts";
export { type Clock, systemClock } from "./clock.ts";
export { MAX_NAME_GRAPHEMES, toDisplayName } from "./display-name.ts";
export { fetchPrices, type PriceUpdate } from "./prices/feeds.ts";
export { choosePrice, type Price, type PriceChoice, type Quote } from "./prices/price-choice.ts";
export {
  MAX_ROSTER_BYTES,
  parseRoster,
  type Rejection,
  type RejectionReason,
  type RosterAgent,
  type RosterParse,
} from "./roster.ts";
export {
  BTC,
  parseAssetIdentifier,
  SBTC,
  SBTC_ASSET_IDENTIFIER,
  SBTC_CONTRACT_ID,
  STX,
  toContractId,
  toTokenId,
} from "./tokens/assets.ts";
export type { Source, SourceBalances, TokenBalance } from "./types.ts";
export { valueUsdMicros } from "./value.ts";
export { toAgentWords, toWords } from "./words.ts";
