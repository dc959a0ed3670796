/** SIP-10 amounts are Clarity uints: at most 2^128 - 1. */
export const MAX_UINT128 = 2n ** 128n - 1n;

/** Base units that can exist: 21 million BTC in satoshi (also the cap of sBTC), and STX in micro-STX with room to spare. */
export const MAX_SATOSHI = 2_100_000_000_000_000n;
export const MAX_MICRO_STX = 2_000_000_000_000_000n;

const DECIMAL_DIGITS = /^(?:0|[1-9]\d{0,38})$/;

/** Base units from a decimal string, or undefined for anything else: signs, fractions, exponents, leading zeros, > uint128. */
export function parseAmount(text: unknown): bigint | undefined {
  if (typeof text !== "string" || !DECIMAL_DIGITS.test(text)) return undefined;
  const amount = BigInt(text);
  return amount <= MAX_UINT128 ? amount : undefined;
}
