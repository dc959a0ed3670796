export { BASE_PATHS, HOSTS, type Host, toUrlVar, type UrlVar } from "./hosts.ts";
export { createRoster, type Roster, type RosterAgent } from "./roster.ts";
export { SBTC_ASSET_ID, TOKENS } from "./tokens.ts";
