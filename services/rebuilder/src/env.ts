import type { HostName } from "@standings/balances";
import { z } from "zod";
import type { DashboardRebuildDO } from "./object.ts";
import { RESERVED_SUBREQUESTS } from "./tick/chunk.ts";

export interface Env {
  DB: D1Database;
  VERIFIED_AGENTS: KVNamespace;
  DASHBOARD_REBUILD_DO: DurableObjectNamespace<DashboardRebuildDO>;
  DEPLOY_ENV: string;
  HIRO_API_URL: string;
  MEMPOOL_API_URL: string;
  COINGECKO_API_URL: string;
  COINBASE_API_URL: string;
  CHUNK_SIZE: string;
  SUBREQUEST_BUDGET: string;
  ALARM_INTERVAL_ACTIVE_MS: string;
  ALARM_INTERVAL_IDLE_MS: string;
  ALARM_WATCHDOG_MS: string;
  HIRO_MONTHLY_BUDGET: string;
  MEMPOOL_MONTHLY_BUDGET: string;
  COINGECKO_MONTHLY_BUDGET: string;
  COINBASE_MONTHLY_BUDGET: string;
  FORCED_TICK_SPACING_MS: string;
  FORCED_TICKS_PER_DAY: string;
  HIRO_API_KEY?: string;
  COINGECKO_API_KEY?: string;
  HEARTBEAT_URL?: string;
}

export interface Config {
  chunkSize: number; // agents a tick at most
  subrequestBudget: number; // a tick, everything counted
  activeMs: number; // between ticks while upstreams are healthy
  idleMs: number; // between ticks while they fail
  watchdogMs: number; // when a tick that vanished is followed by the next
  baseUrls: Record<HostName, string>;
  monthlyBudgets: Record<HostName, number>; // calls a calendar month, 0 = without end
  forcedTicks: { spacingMs: number; perDay: number }; // 0 = as often as anyone likes
  headers: Partial<Record<HostName, Record<string, string>>>; // keys, each for its own host
}

const baseUrl = z.url({ protocol: /^https?$/ });
const count = (max: number) => z.coerce.number().int().min(1).max(max);
const countOrNone = z.coerce.number().int().min(0);
const DAY_MS = 86_400_000;

/** Less leaves nothing for agents beside what a tick must do anyway; more is past what older plans allow at all. */
const MIN_SUBREQUEST_BUDGET = RESERVED_SUBREQUESTS + 20;
const MAX_SUBREQUEST_BUDGET = 900;

const vars = z.object({
  HIRO_API_URL: baseUrl,
  MEMPOOL_API_URL: baseUrl,
  COINGECKO_API_URL: baseUrl,
  COINBASE_API_URL: baseUrl,
  CHUNK_SIZE: count(500), // keeps a commit's JSON parameters and statements within D1's limits
  SUBREQUEST_BUDGET: z.coerce.number().int().min(MIN_SUBREQUEST_BUDGET).max(MAX_SUBREQUEST_BUDGET),
  ALARM_INTERVAL_ACTIVE_MS: count(DAY_MS),
  ALARM_INTERVAL_IDLE_MS: count(DAY_MS),
  ALARM_WATCHDOG_MS: count(DAY_MS),
  HIRO_MONTHLY_BUDGET: countOrNone,
  MEMPOOL_MONTHLY_BUDGET: countOrNone,
  COINGECKO_MONTHLY_BUDGET: countOrNone,
  COINBASE_MONTHLY_BUDGET: countOrNone,
  FORCED_TICK_SPACING_MS: countOrNone,
  FORCED_TICKS_PER_DAY: countOrNone,
});

/** The configuration of this deployment. Throws with the names of the vars that are missing or malformed. */
export function parseConfig(env: Env): Config {
  const parsed = vars.safeParse(env);
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => issue.path.join(".")))];
    throw new Error(`missing or malformed vars: ${names.join(", ")}`);
  }
  const values = parsed.data;
  return {
    chunkSize: values.CHUNK_SIZE,
    subrequestBudget: values.SUBREQUEST_BUDGET,
    activeMs: values.ALARM_INTERVAL_ACTIVE_MS,
    idleMs: values.ALARM_INTERVAL_IDLE_MS,
    watchdogMs: values.ALARM_WATCHDOG_MS,
    baseUrls: {
      hiro: values.HIRO_API_URL,
      mempool: values.MEMPOOL_API_URL,
      coingecko: values.COINGECKO_API_URL,
      coinbase: values.COINBASE_API_URL,
    },
    monthlyBudgets: {
      hiro: values.HIRO_MONTHLY_BUDGET,
      mempool: values.MEMPOOL_MONTHLY_BUDGET,
      coingecko: values.COINGECKO_MONTHLY_BUDGET,
      coinbase: values.COINBASE_MONTHLY_BUDGET,
    },
    forcedTicks: { spacingMs: values.FORCED_TICK_SPACING_MS, perDay: values.FORCED_TICKS_PER_DAY },
    headers: {
      ...(env.HIRO_API_KEY && { hiro: { "x-api-key": env.HIRO_API_KEY } }),
      ...(env.COINGECKO_API_KEY && { coingecko: { "x-cg-demo-api-key": env.COINGECKO_API_KEY } }),
    },
  };
}
