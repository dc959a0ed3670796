import { z } from "zod";
import { BadInput, parseInput } from "./bad-input.ts";
import { parseBitcoinAddress } from "./bitcoin-address.ts";
import { type BitcoinHoldings, NO_TXOS, planWallet, readWallet } from "./bitcoin-holdings.ts";
import { findPrincipalError } from "./hiro-principal.ts";
import type { Flow } from "./ledger.ts";
import { planPortfolio, readPortfolio, type StacksHoldings } from "./stacks-holdings.ts";

const amount = z.string().regex(/^\d{1,39}$/, "must be a whole number of base units as a string of digits");

export const pinnedStacksSchema = z.strictObject({
  stx: amount.default("0"),
  locked: amount.default("0"),
  /** By asset identifier (contract id, two colons, asset name). "0" = held once and sold. */
  tokens: z.record(z.string(), amount).default({}),
});

export const pinnedBitcoinSchema = z.strictObject({
  sats: amount.default("0"),
  /** Added to both lifetime sums. */
  turnoverSats: amount.default("0"),
  pendingSats: z
    .string()
    .regex(/^-?\d{1,39}$/, "must be a whole number of satoshis as a string, negative for a spend")
    .default("0"),
});

export type PinnedStacks = z.input<typeof pinnedStacksSchema>;
export type PinnedBitcoin = z.input<typeof pinnedBitcoinSchema>;
export type PinnedHoldings = PinnedStacks | PinnedBitcoin;

/** Who holds what: a pure function of seed, address and step, except for what a test has pinned. */
export interface Holdings {
  getStacks(principal: string): StacksHoldings;
  /** By canonical address. */
  getBitcoin(address: string): BitcoinHoldings;
  /** Fixes what one address holds, over all steps. Throws a BadInput and changes nothing when malformed. */
  pin(address: string, pinned: PinnedHoldings): void;
  unpin(address?: string): void;
}

export function createHoldings(seed: string, step: () => number): Holdings {
  const portfolios = new Map<string, ReturnType<typeof planPortfolio>>();
  const wallets = new Map<string, ReturnType<typeof planWallet>>();
  const pinnedStacks = new Map<string, StacksHoldings>();
  const pinnedBitcoin = new Map<string, BitcoinHoldings>();

  return {
    getStacks(principal) {
      const pinned = pinnedStacks.get(principal);
      if (pinned) return pinned;
      const portfolio = portfolios.get(principal) ?? planPortfolio(seed, principal);
      portfolios.set(principal, portfolio);
      return readPortfolio(portfolio, seed, principal, step());
    },
    getBitcoin(address) {
      const pinned = pinnedBitcoin.get(address);
      if (pinned) return pinned;
      const wallet = wallets.get(address) ?? planWallet(seed, address);
      wallets.set(address, wallet);
      return readWallet(wallet, seed, address, step());
    },
    pin(address, pinned) {
      const bitcoin = parseBitcoinAddress(address);
      if (bitcoin) {
        pinnedBitcoin.set(bitcoin.canonical, toBitcoinHoldings(parseInput(pinnedBitcoinSchema, pinned, "holdings")));
        return;
      }
      if (findPrincipalError(address, "v3")) throw new BadInput(`${address}: neither a Stacks nor a Bitcoin address`);
      pinnedStacks.set(address, toStacksHoldings(parseInput(pinnedStacksSchema, pinned, "holdings")));
    },
    unpin(address) {
      if (address === undefined) {
        pinnedStacks.clear();
        pinnedBitcoin.clear();
        return;
      }
      pinnedStacks.delete(address);
      pinnedBitcoin.delete(parseBitcoinAddress(address)?.canonical ?? address);
    },
  };
}

function toStacksHoldings(pinned: z.output<typeof pinnedStacksSchema>): StacksHoldings {
  return {
    active: true,
    stx: toFlow(BigInt(pinned.stx)),
    fees: 0n,
    locked: BigInt(pinned.locked),
    pending: null,
    tokens: new Map(Object.entries(pinned.tokens).map(([assetId, balance]) => [assetId, toFlow(BigInt(balance))])),
    names: 0,
  };
}

/** Something that is pinned to zero was held once, or it would not be on the ledger. */
function toFlow(balance: bigint): Flow {
  if (balance === 0n) return { balance, received: 1n, sent: 1n, receipts: 1, sends: 1 };
  return { balance, received: balance, sent: 0n, receipts: 1, sends: 0 };
}

function toBitcoinHoldings(pinned: z.output<typeof pinnedBitcoinSchema>): BitcoinHoldings {
  const turnover = BigInt(pinned.turnoverSats);
  const pending = BigInt(pinned.pendingSats);
  const spends = turnover > 0n ? 1 : 0;
  return {
    chain: {
      fundedCount: 1 + spends,
      fundedSum: BigInt(pinned.sats) + turnover,
      spentCount: spends,
      spentSum: turnover,
      txCount: 1 + 2 * spends,
    },
    mempool:
      pending === 0n
        ? NO_TXOS
        : pending > 0n
          ? { ...NO_TXOS, fundedCount: 1, fundedSum: pending, txCount: 1 }
          : { ...NO_TXOS, spentCount: 1, spentSum: -pending, txCount: 1 },
  };
}
