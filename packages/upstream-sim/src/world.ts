import { createHoldings, type Holdings } from "./holdings.ts";
import { createPrices, type Prices } from "./prices.ts";
import { createQuota, type Quota, type QuotaLimits } from "./quota.ts";

/** What all simulated hosts look at. */
export interface World {
  seed: string;
  clock: () => number;
  /** Holdings and prices change from one step to the next and not in between. */
  step: () => number;
  advance(steps: number): void;
  holdings: Holdings;
  prices: Prices;
  hiroQuota: Quota;
}

export interface WorldOptions {
  seed: string;
  clock: () => number;
  stepSeconds: number;
  hiroQuota: QuotaLimits;
}

export function createWorld(options: WorldOptions): World {
  let advanced = 0;
  const step = () => Math.floor(options.clock() / (options.stepSeconds * 1_000)) + advanced;
  return {
    seed: options.seed,
    clock: options.clock,
    step,
    advance: (steps) => {
      advanced += steps;
    },
    holdings: createHoldings(options.seed, step),
    prices: createPrices(options.seed, step),
    hiroQuota: createQuota(options.hiroQuota, options.clock),
  };
}
