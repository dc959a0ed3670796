import { estimateTickRows, type Rows, type TickWork, toIntervalMs } from "./model.ts";

/** A real tick: what it worked on, and the rows that D1 billed for it. */
export interface CountedTick extends TickWork {
  rows: Rows;
}

export interface Comparison {
  ticks: number;
  counted: Rows;
  estimated: Rows;
  /** Of the estimate, by how much the counted rows differ: 0.1 = a tenth more. */
  deviation: Rows;
  /** Written in a month of such ticks, at the interval that the rebuilder chooses for so many agents. */
  writtenAMonth: number;
}

const MONTH_MS = 30 * 86_400_000;

/** How far a sum of rows may be from the model's before the model, or the product, is wrong. */
const MAX_DEVIATION = { read: 0.25, written: 0.1 };

/** The model beside real ticks, summed. Throws on none: a model is not checked by nothing. */
export function compareWithModel(ticks: readonly CountedTick[]): Comparison {
  const [first] = ticks;
  if (!first) throw new Error("no tick was counted");
  const sum = (pick: (tick: CountedTick) => number) => ticks.reduce((total, tick) => total + pick(tick), 0);
  const counted = { read: sum(({ rows }) => rows.read), written: sum(({ rows }) => rows.written) };
  const estimated = {
    read: sum((tick) => estimateTickRows(tick).read),
    written: sum((tick) => estimateTickRows(tick).written),
  };
  return {
    ticks: ticks.length,
    counted,
    estimated,
    deviation: { read: counted.read / estimated.read - 1, written: counted.written / estimated.written - 1 },
    writtenAMonth: (counted.written / ticks.length) * (MONTH_MS / toIntervalMs(first.agents)),
  };
}

/** What of the model does not hold; empty = it agrees with what was counted. */
export function findModelFlaws({ deviation }: Comparison): string[] {
  return (["read", "written"] as const).flatMap((rows) => {
    if (Math.abs(deviation[rows]) <= MAX_DEVIATION[rows]) return [];
    return [`rows ${rows}: counted ${(deviation[rows] * 100).toFixed(0)} % from the model's`];
  });
}
