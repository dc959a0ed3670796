import { BUDGET_HOSTS, HOST_NAMES } from "@standings/balances";
import type { Config } from "../src/config.ts";

export const CONFIG: Config = {
  chunkSize: 100,
  subrequestBudget: 250,
  activeMs: 120_000,
  idleMs: 600_000,
  rotationTargetMs: 600_000,
  rosterMaxAgeMs: 600_000,
  watchdogMs: 180_000,
  baseUrls: Object.fromEntries(HOST_NAMES.map((host) => [host, `https://${host}.example`])) as Config["baseUrls"],
  monthlyBudgets: Object.fromEntries(BUDGET_HOSTS.map((host) => [host, 0])) as Config["monthlyBudgets"],
  forcedTicks: { spacingMs: 0, perDay: 0 },
  headers: {},
};
