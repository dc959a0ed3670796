import type { Config } from "../src/config.ts";

export const START_MS = Date.parse("2026-11-22T00:00:00Z");

/** Small numbers, so that histories are short: what they mean does not depend on their size. */
export const CONFIG: Config = {
  chunkSize: 5,
  subrequestBudget: 250,
  activeMs: 120_000,
  idleMs: 600_000,
  rotationTargetMs: 600_000,
  rosterMaxAgeMs: 600_000,
  watchdogMs: 180_000,
  baseUrls: {
    hiro: "https://hiro",
    mempool: "https://mempool",
    "mempool-prices": "https://mempool",
    blockstream: "https://blockstream",
    coingecko: "https://coingecko",
    coinbase: "https://coinbase",
  },
  monthlyBudgets: { hiro: 0, mempool: 0, coingecko: 0, coinbase: 0, blockstream: 0 },
  forcedTicks: { spacingMs: 0, perDay: 0 },
  headers: {},
};
