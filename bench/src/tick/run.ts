import type { BenchOptions } from "../options.ts";
import type { Progress } from "../progress.ts";
import { buildWorker } from "../rig/build.ts";
import { type TickResult, toTickSeries } from "./result.ts";
import { type MeasuredTick, settle, startTickRig, type TickRig } from "./rig.ts";

const AGENTS = 1_005;
const LATENCIES_MS = [50, 150, 500];
const TICKS = 5;

const QUICK = { agents: 150, latenciesMs: [50], ticks: 2 };

export async function runTick({ quick }: BenchOptions, progress: Progress): Promise<TickResult> {
  const { agents, latenciesMs, ticks } = quick ? QUICK : { agents: AGENTS, latenciesMs: LATENCIES_MS, ticks: TICKS };
  progress("building the rebuilder");
  const rig = await startTickRig(await buildWorker("rebuilder"), agents);
  try {
    progress(`tick, ${agents} agents: the first rotation`);
    await settle(rig);
    const series: TickResult["series"] = [];
    for (const latencyMs of latenciesMs) {
      rig.upstream.setLatency({ minMs: latencyMs, maxMs: latencyMs });
      progress(`  ${ticks} unchanged ticks at ${latencyMs} ms`);
      series.push(toTickSeries("unchanged", latencyMs, await runTicks(rig, ticks, () => {})));
      progress(`  ${ticks} changed ticks at ${latencyMs} ms`);
      series.push(toTickSeries("changed", latencyMs, await runTicks(rig, ticks, () => rig.upstream.advance(1))));
      // The next unchanged ticks must find a world that every agent was asked about already.
      await settle(rig);
    }
    return { agents, series };
  } finally {
    await rig.close();
  }
}

/** @param before moves the world before each tick, or leaves it */
async function runTicks(rig: TickRig, ticks: number, before: () => void): Promise<MeasuredTick[]> {
  const measured: MeasuredTick[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    before();
    measured.push(await rig.tick());
  }
  return measured;
}
