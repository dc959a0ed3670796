/** Deterministic pseudo-random numbers: the same parts give the same sequence, on every machine. */
export type Random = () => number;

/** FNV-1a over the parts, with a final avalanche: neighbouring inputs give unrelated outputs. */
export function hash32(...parts: (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of parts.join("\u0000")) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One number in [0, 1) for these parts. */
export function toUnit(...parts: (string | number)[]): number {
  return hash32(...parts) / 2 ** 32;
}

/** A sequence of numbers in [0, 1). */
export function createRandom(...parts: (string | number)[]): Random {
  let state = hash32(...parts);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pickIndex(random: Random, length: number): number {
  return Math.floor(random() * length);
}

export function pickHex(random: Random, bytes: number): string {
  return Array.from({ length: bytes }, () => pickIndex(random, 256).toString(16).padStart(2, "0")).join("");
}

/** An amount spread evenly over orders of magnitude, with every digit filled. */
export function pickAmount(random: Random, minExponent: number, maxExponent: number): bigint {
  const exponent = minExponent + random() * (maxExponent - minExponent);
  const digits = Math.floor(exponent) + 1;
  let text = String(Math.floor(10 ** (exponent - digits + 1) * 1e6));
  while (text.length < digits) text += pickIndex(random, 10);
  return BigInt(text.slice(0, digits));
}
