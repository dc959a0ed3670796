import { parseArgs } from "node:util";
import { BadInput } from "@standings/upstream-sim/bad-input";

export const COMMANDS = ["read", "tick", "publish", "cost", "startup"] as const;
export type Command = (typeof COMMANDS)[number];

export interface BenchOptions {
  commands: readonly Command[];
  quick: boolean;
  /** Measurements of each series of `read`. */
  rounds: number;
  /** Of load, for each measurement. */
  seconds: number;
  /** Agents on the boards of `read`. */
  readSizes: readonly number[];
  /** Agents that `publish` publishes. */
  publishSizes: readonly number[];
}

export const USAGE = `usage: npm run bench -- [read|tick|publish|cost|startup|all] [--quick] [--sizes 500,1005] [--rounds 6] [--seconds 3]

read      requests a second and latency of the product's answers, beside other designs with the same rows
tick      a rebuild's wall time, calls, statements, rows and CPU, by upstream latency
publish   time, rows and readers' longest wait while a ranking is published
cost      what a month costs by the cost model, checked against 20 real ticks
startup   bundle sizes and startup of both Workers
all       all of these (the default)

--quick   small boards and one short round: shows that everything runs, proves nothing, and changes no document
Results go to bench/results/ as JSON; a full run also draws the charts of docs/performance/.`;

/** Enough for a median and a range; even, so that every series is measured as often there as back. */
const FULL = { rounds: 6, seconds: 3, readSizes: [500, 1_005, 5_000, 50_000], publishSizes: [1_000, 10_000, 100_000] };
const QUICK = { rounds: 2, seconds: 1, readSizes: [500], publishSizes: [1_000] };

/** Throws a BadInput, in one line, on anything that cannot be meant. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const quick = values.quick === true;
  const defaults = quick ? QUICK : FULL;
  const sizes = values.sizes?.split(",").map((size) => toNumber("--sizes", size, 100, 1_000_000));
  return {
    commands: toCommands(positionals),
    quick,
    rounds: values.rounds === undefined ? defaults.rounds : toNumber("--rounds", values.rounds, 1, 100),
    seconds: values.seconds === undefined ? defaults.seconds : toNumber("--seconds", values.seconds, 1, 60),
    readSizes: sizes ?? defaults.readSizes,
    publishSizes: sizes ?? defaults.publishSizes,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: "boolean" },
        sizes: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
      },
    });
  } catch (error) {
    throw new BadInput(error instanceof Error ? error.message : String(error));
  }
}

function toCommands(words: readonly string[]): readonly Command[] {
  if (words.length === 0 || words.includes("all")) return COMMANDS;
  const unknown = words.find((word) => !COMMANDS.some((command) => command === word));
  if (unknown !== undefined) throw new BadInput(`unknown command ${unknown}: there are ${COMMANDS.join(", ")} and all`);
  return COMMANDS.filter((command) => words.includes(command));
}

function toNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new BadInput(`${name}: "${text}" is not a whole number from ${min} to ${max}`);
  }
  return value;
}
