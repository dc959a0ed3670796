import autocannon from "autocannon";
import { toPercentile } from "../stats.ts";
import type { LoadJob, LoadResult } from "./job.ts";

// A process of its own, so that what it costs is not on the servers' account. Takes jobs by message, one at a time.

const TIMEOUT_SECONDS = 60;

process.on("message", (job: LoadJob) => {
  runJob(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});

async function runJob(job: LoadJob): Promise<LoadResult> {
  const latencies: number[] = [];
  let unexpected = 0;
  let bytes = 0;
  let lastAt = 0; // of an answer: autocannon itself ends at a whole second
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(toOptions(job), (error: Error | null, outcome) => {
      if (error) reject(error);
      else resolve(outcome);
    });
    instance.on("response", (_client, statusCode, resBytes, responseTime) => {
      latencies.push(responseTime);
      bytes += resBytes;
      lastAt = performance.now();
      if (statusCode !== job.expectedStatus) unexpected += 1;
    });
  });
  const seconds = Math.max(0, lastAt - startedAt) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  const sorted = Float64Array.from(latencies).sort();
  return {
    requests: sorted.length,
    seconds,
    perSecond: sorted.length > 0 ? sorted.length / seconds : 0,
    p50Ms: sorted.length > 0 ? toPercentile(sorted, 0.5) : Number.NaN,
    p99Ms: sorted.length > 0 ? toPercentile(sorted, 0.99) : Number.NaN,
    maxMs: sorted.at(-1) ?? Number.NaN,
    bytesPerAnswer: sorted.length > 0 ? bytes / sorted.length : 0,
    errors: result.errors + result.timeouts + unexpected,
    generatorCpuMs: (cpu.user + cpu.system) / 1_000,
  };
}

function toOptions({ url, headers, connections, seconds, paths }: LoadJob): autocannon.Options {
  const common = { url, headers, connections, timeout: TIMEOUT_SECONDS };
  if (!paths) return { ...common, duration: seconds ?? 1 };
  let next = 0;
  return {
    ...common,
    ...(seconds === undefined ? { amount: paths.length } : { duration: seconds }),
    // Every connection would go through the list from its beginning: each gets its own part instead.
    setupClient(client) {
      const index = next++;
      const own = paths.filter((_, place) => place % connections === index);
      client.setRequests(own.map((path) => ({ method: "GET", path, headers })));
    },
  };
}
