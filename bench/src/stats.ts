/** What repeated measurements of one thing come to. */
export interface Summary {
  median: number;
  min: number;
  max: number;
  samples: number;
}

/** Throws on nothing: a median of no measurements would be an invented number. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: toPercentile(sorted, 0.5), min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, samples: sorted.length };
}

/** @param sorted ascending @param share 0 to 1; between two values the mean by distance */
export function toPercentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new Error("nothing was measured");
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * How one series compares with another that was measured in the same rounds: the ratio of each round, so that a machine
 * that slows down for a while slows both halves of it.
 */
export function summarizeRatios(numerators: readonly number[], denominators: readonly number[]): Summary {
  if (numerators.length !== denominators.length) throw new Error("the series are of different rounds");
  return summarize(numerators.map((numerator, round) => numerator / (denominators[round] ?? Number.NaN)));
}

/** The order in which a round measures: there and back (A B, B A), so that a drift meets every series alike. */
export function toRoundOrder<T>(subjects: readonly T[], round: number): T[] {
  return round % 2 === 0 ? [...subjects] : [...subjects].reverse();
}
