import { type Summary, summarize } from "../stats.ts";
import type { MeasuredTick } from "./rig.ts";

/** Workers may wait for so many answers at once. */
const CONNECTIONS = 6;

export interface TickSeries {
  latencyMs: number;
  kind: "unchanged" | "changed";
  ticks: number;
  agents: number;
  calls: number;
  /** What six connections need at least: ceil(calls / 6) times the latency. */
  boundMs: number;
  wallMs: Summary;
  /** Of the bound, tick by tick. */
  wallToBound: Summary;
  cpuMs: Summary | null;
  rowsWritten: Summary;
  rowsRead: Summary;
  statements: Summary;
  roundTrips: Summary;
  subrequests: Summary;
  changedBalances: Summary;
  published: number;
  maxInFlight: number;
}

export interface TickResult {
  agents: number;
  series: TickSeries[];
}

export function toBoundMs(calls: number, latencyMs: number): number {
  return Math.ceil(calls / CONNECTIONS) * latencyMs;
}

export function toTickSeries(kind: TickSeries["kind"], latencyMs: number, ticks: readonly MeasuredTick[]): TickSeries {
  const over = (pick: (tick: MeasuredTick) => number) => summarize(ticks.map(pick));
  const cpu = ticks.map(({ cpuMs }) => cpuMs).filter((ms) => ms !== null);
  const calls = over((tick) => tick.calls).median;
  return {
    ...{ latencyMs, kind, ticks: ticks.length, calls, boundMs: toBoundMs(calls, latencyMs) },
    agents: over((tick) => tick.agents).median,
    wallMs: over((tick) => tick.wallMs),
    wallToBound: over((tick) => tick.wallMs / toBoundMs(tick.calls, latencyMs)),
    cpuMs: cpu.length === ticks.length ? summarize(cpu) : null,
    rowsWritten: over((tick) => tick.rowsWritten),
    rowsRead: over((tick) => tick.rowsRead),
    statements: over((tick) => tick.statements),
    roundTrips: over((tick) => tick.roundTrips),
    subrequests: over((tick) => tick.subrequests),
    changedBalances: over((tick) => tick.changedBalances),
    published: ticks.filter((tick) => tick.hasPublished).length,
    maxInFlight: Math.max(...ticks.map((tick) => tick.maxInFlight)),
  };
}
