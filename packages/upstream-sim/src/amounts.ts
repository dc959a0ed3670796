/** The most that a Clarity contract can mint. */
export const U128_MAX = (1n << 128n) - 1n;

/** Undefined when the text is not a whole number, as a hostile token's may not be. */
export function parseInteger(text: string): bigint | undefined {
  return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}
