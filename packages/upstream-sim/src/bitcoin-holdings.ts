import { CYCLE_STEPS, EMPTY_FLOW, type Entry, planLedger, sumLedger } from "./ledger.ts";
import { createRandom, pickAmount, pickIndex, toUnit } from "./random.ts";

export interface TxoSums {
  fundedCount: number;
  fundedSum: bigint;
  spentCount: number;
  spentSum: bigint;
  txCount: number;
}

/** What one Bitcoin address shows at one step: lifetime turnover, whose difference is the balance. */
export interface BitcoinHoldings {
  chain: TxoSums;
  mempool: TxoSums;
}

interface Wallet {
  phase: number;
  entries: Entry[] | null;
  /** What came in and went out again long ago. */
  turnover: bigint;
}

export const NO_TXOS: TxoSums = { fundedCount: 0, fundedSum: 0n, spentCount: 0, spentSum: 0n, txCount: 0 };

export function planWallet(seed: string, address: string): Wallet {
  const random = createRandom(seed, "bitcoin", address);
  const phase = pickIndex(random, CYCLE_STEPS);
  const kind = random();
  if (kind < 0.25) return { phase, entries: null, turnover: 0n };
  const turnover = random() < 0.5 ? pickAmount(random, 4, 12) : 0n;
  if (kind < 0.35) return { phase, entries: [], turnover: turnover + 20_000n };
  const amount = pickAmount(random, 3, kind > 0.95 ? 10 : 8);
  return { phase, entries: planLedger(amount, 0, seed, address), turnover };
}

export function readWallet(wallet: Wallet, seed: string, address: string, step: number): BitcoinHoldings {
  if (!wallet.entries) return { chain: NO_TXOS, mempool: NO_TXOS };
  const flow = sumLedger(wallet.entries, (step + wallet.phase) % CYCLE_STEPS) ?? EMPTY_FLOW;
  const old = wallet.turnover > 0n ? 1 : 0;
  const chain = {
    fundedCount: flow.receipts + flow.sends + old, // each send pays change back
    fundedSum: flow.received + wallet.turnover,
    spentCount: flow.sends + old,
    spentSum: flow.sent + wallet.turnover,
    txCount: flow.receipts + flow.sends + old * 2,
  };
  return { chain, mempool: readMempool(seed, address, step, flow.balance) };
}

/** Half of what is pending is a spend: the delta is negative then. */
function readMempool(seed: string, address: string, step: number, balance: bigint): TxoSums {
  const luck = toUnit(seed, address, "mempool", step);
  if (luck >= 0.08) return NO_TXOS;
  if (luck < 0.04 && balance > 0n) {
    return { fundedCount: 1, fundedSum: balance / 3n, spentCount: 1, spentSum: balance, txCount: 1 };
  }
  return { ...NO_TXOS, fundedCount: 1, fundedSum: 12_345n, txCount: 1 };
}
