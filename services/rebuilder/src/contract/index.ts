export * from "./freshness.ts";
export * from "./rpc.ts";
export * from "./status.ts";
