import { U128_MAX } from "./amounts.ts";
import { CYCLE_STEPS, EMPTY_FLOW, type Entry, type Flow, planLedger, sumLedger } from "./ledger.ts";
import { createRandom, pickAmount, pickIndex, type Random, toUnit } from "./random.ts";
import { createSpamAssetId, SBTC_ASSET_ID, SPAM_POOL, TOKENS } from "./tokens.ts";

/** What one principal holds at one step. Both API versions are rendered from this. */
export interface StacksHoldings {
  /** False = no transaction ever touched this principal. */
  active: boolean;
  stx: Flow;
  fees: bigint;
  locked: bigint;
  pending: { inbound: bigint; outbound: bigint } | null;
  /** Every asset ever touched, by asset identifier, sold ones with a balance of zero. */
  tokens: Map<string, TokenHolding>;
  names: number;
}

/** As the wire says it: a hostile token's amount may be anything that fits into a string. */
export interface TokenHolding {
  balance: string;
  sent: string;
  received: string;
}

/** What a principal holds that no transaction ever touched. */
export const NO_HOLDINGS: StacksHoldings = {
  active: false,
  stx: EMPTY_FLOW,
  fees: 0n,
  locked: 0n,
  pending: null,
  tokens: new Map(),
  names: 0,
};

/** One stacking transaction for everybody who stacks. */
export const LOCK = {
  lock_tx_id: `0x${"5d".repeat(32)}`,
  stacks_lock_height: 4_100_000,
  burn_lock_height: 920_000,
  burn_unlock_height: 945_000,
};

interface Portfolio {
  phase: number;
  stx: Entry[] | null;
  lockedPercent: bigint;
  tokens: Map<string, Entry[]>;
  names: number;
}

export function planPortfolio(seed: string, principal: string): Portfolio {
  const random = createRandom(seed, "stacks", principal);
  const phase = pickIndex(random, CYCLE_STEPS);
  const kind = random();
  if (kind < 0.08) return { phase, stx: null, lockedPercent: 0n, tokens: new Map(), names: 0 };

  const tokens = new Map<string, Entry[]>();
  const hold = (assetId: string, amount: bigint) => {
    const arrival = random() < 0.65 ? 0 : pickIndex(random, CYCLE_STEPS);
    tokens.set(assetId, planLedger(amount, arrival, seed, principal, assetId));
  };
  const wealth = kind > 0.93 ? 2 : 0;
  for (const token of TOKENS) {
    if (token.assetId === SBTC_ASSET_ID) {
      if (random() < 0.6) hold(token.assetId, pickAmount(random, 3, 7 + wealth));
    } else if (random() < 0.22) {
      hold(token.assetId, pickAmount(random, token.decimals, token.decimals + 4 + wealth));
    }
  }
  const spamFrom = pickIndex(random, SPAM_POOL);
  for (let n = countSpam(random); n > 0; n--) {
    hold(createSpamAssetId(seed, (spamFrom + n) % SPAM_POOL), pickSpamAmount(random));
  }
  return {
    phase,
    stx: planLedger(pickAmount(random, 5, 10 + wealth), 0, seed, principal, "stx"),
    lockedPercent: random() < 0.1 ? BigInt(20 + pickIndex(random, 60)) : 0n,
    tokens,
    names: random() < 0.4 ? 1 : 0,
  };
}

/** Most get little spam; a few get more than a page of it. */
function countSpam(random: Random): number {
  const luck = random();
  if (luck < 0.5) return 0;
  if (luck < 0.97) return 1 + pickIndex(random, 4);
  return 380;
}

function pickSpamAmount(random: Random): bigint {
  const luck = random();
  if (luck < 0.05) return U128_MAX;
  return luck < 0.3 ? pickAmount(random, 20, 37) : pickAmount(random, 6, 18);
}

export function readPortfolio(portfolio: Portfolio, seed: string, principal: string, step: number): StacksHoldings {
  const position = (step + portfolio.phase) % CYCLE_STEPS;
  if (!portfolio.stx) return NO_HOLDINGS;
  const traded = sumLedger(portfolio.stx, position) ?? EMPTY_FLOW;
  const tokens = new Map<string, TokenHolding>();
  for (const [assetId, entries] of portfolio.tokens) {
    const flow = sumLedger(entries, position);
    if (!flow) continue;
    tokens.set(assetId, { balance: String(flow.balance), sent: String(flow.sent), received: String(flow.received) });
  }
  // Every send cost a fee, and what was paid as a fee had to be received before.
  const fees = BigInt(traded.sends) * 3_000n;
  const stx = { ...traded, received: traded.received + fees };
  const locked = (stx.balance * portfolio.lockedPercent) / 100n;
  return {
    active: true,
    stx,
    fees,
    locked,
    pending: readPending(seed, principal, step, stx.balance - locked),
    tokens,
    names: portfolio.names,
  };
}

function readPending(seed: string, principal: string, step: number, available: bigint): StacksHoldings["pending"] {
  const luck = toUnit(seed, principal, "pending", step);
  if (luck >= 0.04) return null;
  return luck < 0.02 ? { inbound: 1_000_000n, outbound: 0n } : { inbound: 0n, outbound: available / 10n };
}
