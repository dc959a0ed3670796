/** A number in [0, 2^32) from words, the same for the same words (FNV-1a with a final mix). */
export function hash(...words: (string | number)[]): number {
  let h = 0x811c9dc5;
  for (const word of words) {
    const text = String(word);
    for (let at = 0; at < text.length; at++) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193);
    h = Math.imul(h ^ 0x1f, 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Whether something of this probability happens at these words. */
export function isHit(probability: number, ...words: (string | number)[]): boolean {
  return hash(...words) < probability * 2 ** 32;
}

/** One of several, by these words. */
export function pick<T>(from: readonly [T, ...T[]], ...words: (string | number)[]): T {
  return from[hash(...words) % from.length] ?? from[0];
}
