import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@standings/tools/repository";
import type { Command } from "../options.ts";
import { describeMachine } from "./machine.ts";
import { replaceBlock } from "./marked-block.ts";
import { readTitle } from "./svg.ts";
import { type Table, toMarkdown, toText } from "./table.ts";

/** What a command measured, in the three forms that it is told in. */
export interface Report {
  command: Command;
  result: unknown;
  tables: Table[];
  /** File name to SVG. */
  charts: Record<string, string>;
}

const RESULTS = join(ROOT, "bench/results");
const CHARTS = join(ROOT, "docs/performance");
const DOCUMENT = join(ROOT, "docs/performance.md");

/**
 * Prints the tables and writes the result. A full run also draws the charts and writes the tables of the document; a
 * quick one leaves both alone, and its files to itself.
 */
export function publishReport(report: Report, { quick, measuredAt }: { quick: boolean; measuredAt: Date }): void {
  const { command, result, tables, charts } = report;
  for (const table of tables) console.log(`\n${toText(table)}`);
  const resultFolder = quick ? join(RESULTS, "quick") : RESULTS;
  const chartFolder = quick ? resultFolder : CHARTS;
  for (const folder of [resultFolder, chartFolder]) mkdirSync(folder, { recursive: true });
  const machine = describeMachine();
  const said = { command, measuredAt: measuredAt.toISOString(), quick, machine, result };
  writeFileSync(join(resultFolder, `${command}.json`), `${JSON.stringify(said, null, 2)}\n`);
  for (const [name, svg] of Object.entries(charts)) writeFileSync(join(chartFolder, name), svg);
  if (quick) return;
  const measured = `Measured ${measuredAt.toISOString().slice(0, 10)} at ${machine.commit} on ${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, node ${machine.node}, workerd ${machine.workerd}.`;
  const shown = Object.entries(charts).map(([name, svg]) => `![${readTitle(svg)}](performance/${name})`);
  const told = tables.map((table) => `**${table.title}**\n\n${toMarkdown(table)}`);
  const block = [measured, ...shown, ...told].join("\n\n");
  writeFileSync(DOCUMENT, replaceBlock(readFileSync(DOCUMENT, "utf8"), command, block));
}
