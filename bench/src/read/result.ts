import { type Summary, summarize, summarizeRatios } from "../stats.ts";
import type { ColdSamples, Sample, Samples } from "./measure.ts";
import type { SubjectId } from "./subjects.ts";

/** What one series came to. */
export interface Series {
  perSecond: Summary;
  p50Ms: Summary;
  p99Ms: Summary;
  cpuMs: Summary | null;
  bytes: number;
  /** Requests of all rounds. */
  requests: number;
  /** Of the generator's core: near 1, it is what limits the result. */
  generatorShare: number;
}

export interface D1Cost {
  what: string;
  roundTrips: number;
  statements: number;
  rowsRead: number;
}

export interface BoardResult {
  agents: number;
  pageBytes: number;
  snapshotBytes: number;
  warm: Partial<Record<SubjectId, Series>>;
  /** Each round's ratio to the product's page, as a median: above 1 is faster than the page. */
  ratios: Partial<Record<SubjectId, Summary>>;
  cold: {
    page: Series;
    kv: Series | null;
    ratio: Summary | null;
    firstMs: Record<"page" | "kv" | "hello", number | null>;
  };
  d1: D1Cost[];
}

export interface ReadResult {
  boards: BoardResult[];
  claims: Claim[];
}

export interface Claim {
  claim: string;
  target: string;
  measured: Summary;
  /** The same ratio by CPU a request, which other work on the machine disturbs less; null = unknown. */
  byCpu: number | null;
  reached: boolean;
}

function toSeries(samples: readonly Sample[]): Series {
  const cpu = samples.map(({ cpuMsPerRequest }) => cpuMsPerRequest).filter((ms) => ms !== null);
  const seconds = samples.reduce((sum, sample) => sum + sample.seconds, 0);
  return {
    perSecond: summarize(samples.map(({ perSecond }) => perSecond)),
    p50Ms: summarize(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: summarize(samples.map(({ p99Ms }) => p99Ms)),
    cpuMs: cpu.length === samples.length ? summarize(cpu) : null,
    bytes: Math.round(Math.max(...samples.map(({ bytesPerAnswer }) => bytesPerAnswer))),
    requests: samples.reduce((sum, { requests }) => sum + requests, 0),
    generatorShare: samples.reduce((sum, { generatorCpuMs }) => sum + generatorCpuMs, 0) / (seconds * 1_000),
  };
}

export function toBoardResult(
  board: Pick<BoardResult, "agents" | "pageBytes" | "snapshotBytes" | "d1">,
  warm: Samples,
  cold: ColdSamples,
): BoardResult {
  const entries = Object.entries(warm) as [SubjectId, Sample[]][];
  const rates = (samples: readonly Sample[] | undefined) => samples?.map(({ perSecond }) => perSecond) ?? [];
  const median = (values: readonly number[]) => (values.length > 0 ? summarize(values).median : null);
  return {
    ...board,
    warm: Object.fromEntries(entries.map(([id, samples]) => [id, toSeries(samples)])),
    ratios: Object.fromEntries(entries.map(([id, samples]) => [id, summarizeRatios(rates(samples), rates(warm.page))])),
    cold: {
      page: toSeries(cold.page),
      kv: cold.kv.length > 0 ? toSeries(cold.kv) : null,
      ratio: cold.kv.length > 0 ? summarizeRatios(rates(cold.page), rates(cold.kv)) : null,
      firstMs: { page: median(cold.firstMs.page), kv: median(cold.firstMs.kv), hello: median(cold.firstMs.hello) },
    },
  };
}
