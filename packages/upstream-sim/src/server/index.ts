export type { FaultRuleInput } from "../fault-rules.ts";
export { parseInteger, parseUpstreamEnv } from "./env.ts";

export { startUpstream, type UpstreamOptions } from "./server.ts";
export type { Call, UpstreamStats } from "./stats.ts";
export type { Upstream } from "./upstream.ts";
