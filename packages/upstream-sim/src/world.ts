import { createHoldings, type Holdings } from "./holdings.ts";
import { createPrices, type Prices } from "./prices.ts";
import { createQuota, type Quota, type QuotaLimits } from "./quota.ts";

/** What all simulated hosts look at. */
export interface World {
  seed: string;
  /** Unix milliseconds. */
  clock: () => number;
  /** Holdings and prices change from one step to the next and not in between. */
  step: () => number;
  advance(steps: number): void;
  holdings: Holdings;
  prices: Prices;
  hiroQuota: Quota;
}

interface WorldOptions {
  seed?: string;
  /** Unix milliseconds; absent = the system's. */
  clock?: () => number;
  /** How long holdings and prices stay as they are. */
  stepSeconds?: number;
  hiroQuota?: QuotaLimits;
  /** False = nobody holds anything and prices stand still, until a test says otherwise. */
  populated?: boolean;
}

/** Far above what local ticks of seconds make, so that the quota is reported but not met. */
const GENEROUS_QUOTA: QuotaLimits = { perMinute: 60_000, perMonth: 75_000_000 };

export function createWorld(options: WorldOptions = {}): World {
  const { seed = "standings", clock = () => Date.now(), stepSeconds = 30, populated = true } = options;
  let advanced = 0;
  const step = () => Math.floor(clock() / (stepSeconds * 1_000)) + advanced;
  return {
    seed,
    clock,
    step,
    advance: (steps) => {
      advanced += steps;
    },
    holdings: createHoldings({ seed, step, populated }),
    prices: createPrices({ seed, step, clock, moving: populated }),
    hiroQuota: createQuota(options.hiroQuota ?? GENEROUS_QUOTA, clock),
  };
}
