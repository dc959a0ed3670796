export { createHosts } from "./create-hosts.ts";
export type { FaultRuleInput } from "./fault-rules.ts";
export { createHostileTokens, HOSTILE_KINDS } from "./hostile.ts";
export { HOSTS, toUrlVar, type UrlVar } from "./hosts.ts";

export { createRoster, type RosterAgent } from "./roster.ts";
export { SBTC_ASSET_ID, TOKENS } from "./tokens.ts";
export { createUpstreamFetch, type UpstreamCall, type UpstreamFetch } from "./upstream-fetch.ts";
export { createWorld, type World } from "./world.ts";
