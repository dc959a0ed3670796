/** What of a profile of V8 is read here. Times are microseconds. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string } }[];
  samples: number[];
  timeDeltas: number[];
}

/** The frame that stands for waiting. */
const IDLE = "(idle)";

/** Milliseconds in which something ran, garbage collection included: what wrangler calls active. */
export function toBusyMs({ nodes, samples, timeDeltas }: CpuProfile): number {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === IDLE).map(({ id }) => id));
  let busy = 0;
  for (const [index, node] of samples.entries()) {
    if (!idle.has(node)) busy += timeDeltas[index] ?? 0;
  }
  return busy / 1_000;
}
