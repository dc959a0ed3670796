export { createHosts, type Hosts } from "./create-hosts.ts";
export type { FaultRuleInput } from "./fault-rules.ts";
export { createHostileTokens, HOSTILE_KINDS, type HostileKind } from "./hostile.ts";
export { HOSTS, type Host, toUrlVar, type UrlVar } from "./hosts.ts";
export type { PinnedPrices } from "./prices.ts";
export { createRoster, type RosterAgent } from "./roster.ts";
export { SBTC_ASSET_ID, TOKENS } from "./tokens.ts";
export { createUpstreamFetch, type HostUrls, type UpstreamCall, type UpstreamFetch } from "./upstream-fetch.ts";
export { createWorld, type World } from "./world.ts";
