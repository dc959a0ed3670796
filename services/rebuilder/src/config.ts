import type { BudgetHost, HostName } from "@standings/balances";
import { z } from "zod";
import { MIN_SUBREQUEST_BUDGET } from "./tick/chunk.ts";

/** More is past what older plans of the platform allow at all. */
const MAX_SUBREQUEST_BUDGET = 900;

const DAY_MS = 86_400_000;
const baseUrl = z.url({ protocol: /^https?$/ });
const count = (max: number) => z.coerce.number<string>().int().min(1).max(max);
const countOrNone = z.coerce.number<string>().int().min(0);

/** The vars of a deployment, as wrangler.rebuilder.jsonc sets them: every one of them, and no other. */
export const varsSchema = z.object({
  HIRO_API_URL: baseUrl,
  MEMPOOL_API_URL: baseUrl,
  BLOCKSTREAM_API_URL: baseUrl,
  COINGECKO_API_URL: baseUrl,
  COINBASE_API_URL: baseUrl,
  CHUNK_SIZE: count(500), // keeps a commit's JSON parameters and statements within D1's limits
  SUBREQUEST_BUDGET: z.coerce.number<string>().int().min(MIN_SUBREQUEST_BUDGET).max(MAX_SUBREQUEST_BUDGET),
  ALARM_INTERVAL_ACTIVE_MS: count(DAY_MS),
  ALARM_INTERVAL_IDLE_MS: count(DAY_MS),
  ALARM_WATCHDOG_MS: count(DAY_MS),
  ROTATION_TARGET_MS: count(DAY_MS),
  ROSTER_MAX_AGE_MS: count(DAY_MS),
  HIRO_MONTHLY_BUDGET: countOrNone,
  MEMPOOL_MONTHLY_BUDGET: countOrNone,
  BLOCKSTREAM_MONTHLY_BUDGET: countOrNone,
  COINGECKO_MONTHLY_BUDGET: countOrNone,
  COINBASE_MONTHLY_BUDGET: countOrNone,
  FORCED_TICK_SPACING_MS: countOrNone,
  FORCED_TICKS_PER_DAY: countOrNone,
});

/** Secrets, each optional. */
export const secretsSchema = z.object({
  HIRO_API_KEY: z.string().optional(),
  COINGECKO_API_KEY: z.string().optional(),
  HEARTBEAT_URL: z.string().optional(),
});

export type Vars = z.input<typeof varsSchema> & z.input<typeof secretsSchema>;

export interface Config {
  chunkSize: number; // agents a tick and lane at most
  subrequestBudget: number; // a tick, everything counted
  activeMs: number; // between ticks while upstreams are healthy, at most
  idleMs: number; // between ticks while they fail
  rotationTargetMs: number; // a rotation's length that large rosters are kept to
  rosterMaxAgeMs: number; // the roster is read again when it is older
  watchdogMs: number; // when a tick that vanished is followed by the next
  baseUrls: Record<HostName, string>;
  monthlyBudgets: Record<BudgetHost, number>; // calls a calendar month, 0 = without end
  forcedTicks: { spacingMs: number; perDay: number }; // 0 = as often as anyone likes
  headers: Partial<Record<HostName, Record<string, string>>>; // keys, each for its own host
}

/** The configuration of this deployment. Throws with the names of the vars that are missing or malformed. */
export function parseConfig(env: Vars): Config {
  const parsed = varsSchema.safeParse(env);
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
    rotationTargetMs: values.ROTATION_TARGET_MS,
    rosterMaxAgeMs: values.ROSTER_MAX_AGE_MS,
    watchdogMs: values.ALARM_WATCHDOG_MS,
    baseUrls: {
      hiro: values.HIRO_API_URL,
      mempool: values.MEMPOOL_API_URL,
      "mempool-prices": values.MEMPOOL_API_URL,
      blockstream: values.BLOCKSTREAM_API_URL,
      coingecko: values.COINGECKO_API_URL,
      coinbase: values.COINBASE_API_URL,
    },
    monthlyBudgets: {
      hiro: values.HIRO_MONTHLY_BUDGET,
      mempool: values.MEMPOOL_MONTHLY_BUDGET,
      blockstream: values.BLOCKSTREAM_MONTHLY_BUDGET,
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
