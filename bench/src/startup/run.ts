import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findWrangler, ROOT, SERVICES, type Service, toConfigPath } from "@standings/tools/repository";
import type { Progress } from "../progress.ts";
import { renderBarChart } from "../report/bar-chart.ts";
import { formatNumber, formatRange, type Table } from "../report/table.ts";
import { buildWorker, run } from "../rig/build.ts";
import { type Summary, summarize } from "../stats.ts";
import { type CpuProfile, toBusyMs } from "./cpu-profile.ts";

export interface StartupResult {
  workers: { service: Service; bytes: number; gzipBytes: number; startupMs: Summary }[];
}

const KIB = 1_024;

/** Bundle sizes, and the CPU time of `wrangler check startup`: what an isolate computes before its first request. */
export async function runStartup(rounds: number, progress: Progress): Promise<StartupResult> {
  const workers: StartupResult["workers"] = [];
  for (const service of SERVICES) {
    progress(`startup of the ${service}`);
    const { bytes, gzipBytes } = await buildWorker(service);
    const startups: number[] = [];
    for (let round = 0; round < rounds; round++) startups.push(await measureStartup(service));
    workers.push({ service, bytes, gzipBytes, startupMs: summarize(startups) });
  }
  return { workers };
}

async function measureStartup(service: Service): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "standings-bench-startup-"));
  try {
    const [node = "", wrangler = ""] = findWrangler();
    const config = toConfigPath(service);
    const profile = join(folder, "startup.cpuprofile");
    await run(
      node,
      [wrangler, "check", "startup", "--config", config, `--args=--config ${config} --minify`, "--outfile", profile],
      ROOT,
    );
    const parsed: CpuProfile = JSON.parse(readFileSync(profile, "utf8"));
    return toBusyMs(parsed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function toTables({ workers }: StartupResult): Table[] {
  return [
    {
      title: "Bundles, minified, and startup",
      columns: ["Worker", "KiB", "KiB gzip", "startup CPU ms", "range"],
      rows: workers.map(({ service, bytes, gzipBytes, startupMs }) => [
        service,
        formatNumber(Math.round(bytes / KIB)),
        formatNumber(Math.round(gzipBytes / KIB)),
        formatNumber(startupMs.median),
        formatRange(startupMs),
      ]),
    },
  ];
}

export function toCharts({ workers }: StartupResult): Record<string, string> {
  return {
    "startup.svg": renderBarChart({
      title: "Startup of an isolate",
      unit: "milliseconds of CPU; line: smallest to largest of the profiles",
      panels: [
        {
          title: "",
          bars: workers.map(({ service, startupMs }) => {
            return { label: service, value: startupMs.median, range: startupMs, colour: 0 };
          }),
        },
      ],
    }),
  };
}
