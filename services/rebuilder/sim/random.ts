/** A number in [0, 2^32) from words, the same for the same words (FNV-1a with a final mix). */
export function hash(...words: (string | number)[]): number {
  let h = 0x811c9dc5;
  for (const char of words.join("\u0000")) {
    h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Whether something of this probability happens at these words. */
export function isHit(probability: number, ...words: (string | number)[]): boolean {
  return hash(...words) < probability * 2 ** 32;
}
