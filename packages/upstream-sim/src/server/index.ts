export type { FaultRuleInput } from "./fault-rules.ts";
export type { PinnedBitcoin, PinnedHoldings, PinnedStacks } from "./holdings.ts";
export { BASE_PATHS, HOSTS, type Host, type UrlVar } from "./hosts.ts";
export type { PinnedPrices } from "./prices.ts";
export { type LatencyRange, startUpstream, type Upstream, type UpstreamOptions } from "./server.ts";
export type { Call, HostStats, UpstreamStats } from "./stats.ts";
export { SBTC_ASSET_ID, TOKENS } from "./tokens.ts";
