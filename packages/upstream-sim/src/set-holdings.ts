import { z } from "zod";
import { type BitcoinHoldings, NO_TXOS, type TxoSums } from "./bitcoin-holdings.ts";
import { createHostileTokens, HOSTILE_KINDS } from "./hostile.ts";
import type { Flow } from "./ledger.ts";
import type { StacksHoldings, TokenHolding } from "./stacks-holdings.ts";

/** Base units: micro-STX, satoshi, or a token's smallest part. */
export type Amount = string | number | bigint;

/** The balance includes what is locked by stacking. */
export type StxSetting = Amount | { balance: Amount; locked?: Amount };

/** One amount is what has been received and never spent. All of it is confirmed, except for what is pending. */
export type BtcSetting = Amount | { funded: Amount; spent?: Amount; pendingFunded?: Amount; pendingSpent?: Amount };

const amount = z.string().regex(/^\d{1,39}$/, "must be a whole number of base units as a string of digits");

export const pinnedStacksSchema = z.strictObject({
  stx: amount.default("0"),
  locked: amount.default("0"),
  /** By asset identifier (contract id, two colons, asset name). "0" = held once and sold. */
  tokens: z.record(z.string(), amount).default({}),
  /** Tokens that mean harm, beside those. */
  hostile: z.array(z.enum(HOSTILE_KINDS)).default([]),
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

type PinnedStacks = z.input<typeof pinnedStacksSchema>;
type PinnedBitcoin = z.input<typeof pinnedBitcoinSchema>;
export type PinnedHoldings = PinnedStacks | PinnedBitcoin;

export function toStxSetting({ stx, locked }: z.output<typeof pinnedStacksSchema>): StxSetting {
  return { balance: stx, locked };
}

export function toTokenSetting({ tokens, hostile }: z.output<typeof pinnedStacksSchema>): Record<string, Amount> {
  const entries = [tokens, ...hostile.map((kind) => createHostileTokens(kind))].flatMap((held) => Object.entries(held));
  return Object.fromEntries(entries); // an own property also where the name is "__proto__"
}

export function toBtcSetting(pinned: z.output<typeof pinnedBitcoinSchema>): BtcSetting {
  const pending = BigInt(pinned.pendingSats);
  return {
    funded: BigInt(pinned.sats) + BigInt(pinned.turnoverSats),
    spent: pinned.turnoverSats,
    pendingFunded: pending > 0n ? pending : 0n,
    pendingSpent: pending < 0n ? -pending : 0n,
  };
}

export function toStxHoldings(setting: StxSetting): Pick<StacksHoldings, "stx" | "fees" | "locked" | "pending"> {
  const { balance, locked = 0 } = typeof setting === "object" ? setting : { balance: setting };
  return { stx: toFlow(BigInt(balance)), fees: 0n, locked: BigInt(locked), pending: null };
}

export function toTokenHoldings(setting: Record<string, Amount>): Map<string, TokenHolding> {
  return new Map(Object.entries(setting).map(([assetId, held]) => [assetId, toTokenHolding(String(held))]));
}

export function toBitcoinHoldings(setting: BtcSetting): BitcoinHoldings {
  const sums = typeof setting === "object" ? setting : { funded: setting };
  const pending = toTxoSums(sums.pendingFunded ?? 0, sums.pendingSpent ?? 0);
  const chain = toTxoSums(sums.funded, sums.spent ?? 0);
  // An address that is set to nothing was used once, or it would not be on the chain.
  return { chain: chain.txCount > 0 ? chain : { ...NO_TXOS, fundedCount: 1, txCount: 1 }, mempool: pending };
}

/** Something that is set to zero was held once, or it would not be on the ledger. */
function toFlow(balance: bigint): Flow {
  if (balance === 0n) return { balance, received: 1n, sent: 1n, receipts: 1, sends: 1 };
  return { balance, received: balance, sent: 0n, receipts: 1, sends: 0 };
}

function toTokenHolding(balance: string): TokenHolding {
  return balance === "0" ? { balance, sent: "1", received: "1" } : { balance, sent: "0", received: balance };
}

function toTxoSums(funded: Amount, spent: Amount): TxoSums {
  const [fundedSum, spentSum] = [BigInt(funded), BigInt(spent)];
  const [fundedCount, spentCount] = [fundedSum > 0n ? 1 : 0, spentSum > 0n ? 1 : 0];
  return { fundedCount, fundedSum, spentCount, spentSum, txCount: fundedCount + spentCount };
}
