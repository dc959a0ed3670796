import { BadInput } from "@standings/upstream-sim/bad-input";
import * as cost from "./cost/run.ts";
import { type BenchOptions, type Command, parseBenchOptions, USAGE } from "./options.ts";
import { createProgress, type Progress } from "./progress.ts";
import * as publish from "./publish/report.ts";
import { runPublish } from "./publish/run.ts";
import * as read from "./read/report.ts";
import { runRead } from "./read/run.ts";
import { publishReport, type Report } from "./report/publish-results.ts";
import { pinGenerator } from "./rig/processes.ts";
import * as startup from "./startup/run.ts";
import * as tick from "./tick/report.ts";
import { runTick } from "./tick/run.ts";

const RUNS: Record<Command, (options: BenchOptions, progress: Progress) => Promise<Report>> = {
  async read(options, progress) {
    const result = await runRead(options, progress);
    return { command: "read", result, tables: read.toTables(result), charts: read.toCharts(result) };
  },
  async tick(options, progress) {
    const result = await runTick(options, progress);
    return { command: "tick", result, tables: tick.toTables(result), charts: tick.toCharts(result) };
  },
  async publish(options, progress) {
    const result = await runPublish(options, progress);
    return { command: "publish", result, tables: publish.toTables(result), charts: publish.toCharts(result) };
  },
  async cost(options, progress) {
    const result = await cost.runCost(options, progress);
    return { command: "cost", result, tables: cost.toTables(result), charts: cost.toCharts(result) };
  },
  async startup(options, progress) {
    const result = await startup.runStartup(options.rounds, progress);
    return { command: "startup", result, tables: startup.toTables(result), charts: startup.toCharts(result) };
  },
};

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return;
  }
  const options = parseBenchOptions(args);
  const progress = createProgress(Date.now, (text) => process.stderr.write(text));
  pinGenerator(process.pid); // what drives a measurement keeps off the core that answers
  for (const command of options.commands) {
    publishReport(await RUNS[command](options, progress), { quick: options.quick, measuredAt: new Date() });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof BadInput ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
