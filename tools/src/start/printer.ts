import { LANES, type Lane } from "@standings/rebuilder/contract";
import { z } from "zod";
import { formatDuration } from "../ops/duration.ts";
import { createLineClassifier } from "./wrangler-output.ts";

// What the Workers log goes to the log file as it is, one JSON object a line; the terminal is told in words.

const laneReport = z.object({ asked: z.number(), failed: z.number() });

/** The part of a tick's report that a line has room for. */
const tickSchema = z.object({
  outcome: z.string(),
  error: z.string().nullable(),
  epoch: z.number().nullable(),
  version: z.number().nullable(),
  durationMs: z.number(),
  nextIntervalMs: z.number(),
  notes: z.array(z.string()),
  lanes: z.object({ stacks: laneReport, bitcoin: laneReport }),
});
type Tick = z.output<typeof tickSchema>;

const eventSchema = z.looseObject({ level: z.string(), event: z.string() });
type Event = z.output<typeof eventSchema>;

/** What health says is wrong. */
const reasonsSchema = z.object({ reasons: z.array(z.object({ why: z.string() })) });

export interface PrinterDeps {
  print(line: string): void;
  printError(line: string): void;
  now(): Date;
  /** What is wrong with the data right now, in sentences. */
  listReasons(): Promise<string[]>;
}

/** Takes the lines that wrangler prints, and says in words what a person at a terminal wants to know of them. */
export function createPrinter(deps: PrinterDeps): (line: string) => Promise<void> {
  const classify = createLineClassifier();
  return async (line) => {
    const kind = classify(line);
    if (kind === "noise") return;
    const event = parseEvent(line);
    if (event === undefined) return kind === "error" ? deps.printError(line) : deps.print(line);
    const at = deps.now().toTimeString().slice(0, 8);
    const tick = event.event === "tick.ended" ? tickSchema.safeParse(event).data : undefined;
    if (tick) return deps.print(`${at}  ${formatTick(tick, await deps.listReasons())}`);
    const text = `${at}  ${formatEvent(event)}`;
    if (event.level === "error") deps.printError(text);
    else deps.print(text);
  };
}

/** Asks health, which only reads the database: nothing that is asked here moves the rebuild. */
export async function readReasons(origin: string): Promise<string[]> {
  try {
    const response = await fetch(`${origin}/api/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    return reasonsSchema.parse(await response.json()).reasons.map(({ why }) => why);
  } catch {
    return []; // the stack is about to end, and says so itself
  }
}

const HEALTH_TIMEOUT_MS = 5_000;

/** Agents answered well of those asked on each lane, the ranking, and what is wrong if anything is. */
function formatTick(tick: Tick, reasons: readonly string[]): string {
  const { outcome, error, notes, epoch, version, durationMs, nextIntervalMs } = tick;
  const parts = [
    `tick ${epoch ?? "-"}`,
    ...LANES.map((lane) => formatLane(tick, lane)),
    version === null ? "nothing new to publish" : `version ${version}`,
    `${formatDuration(durationMs)}, next in ${formatDuration(nextIntervalMs)}`,
  ];
  const trouble = [
    ...(outcome === "committed" ? [] : [`${outcome}: ${error ?? "no error given"}`]),
    ...notes,
    ...reasons,
  ];
  return [...parts, ...trouble.map((why) => `! ${why}`)].join("  ");
}

function formatLane({ lanes }: Tick, lane: Lane): string {
  const { asked, failed } = lanes[lane];
  return `${lane} ${asked - failed}/${asked}`;
}

function formatEvent({ level: _level, event, ...fields }: Event): string {
  const known = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return [event, ...known.map(([name, value]) => `${name}=${formatValue(value)}`)].join(" ");
}

function formatValue(value: unknown): string {
  return typeof value === "string" && !value.includes(" ") ? value : JSON.stringify(value);
}

function parseEvent(line: string): Event | undefined {
  const from = line.indexOf("{");
  if (from < 0) return undefined;
  try {
    return eventSchema.safeParse(JSON.parse(line.slice(from))).data;
  } catch {
    return undefined; // not one of ours
  }
}
