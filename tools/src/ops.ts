import { setTimeout as delay } from "node:timers/promises";
import { BadInput } from "@standings/upstream-sim/bad-input";
import type { z } from "zod";
import { isReadableOnTheWay, type OpsOptions, parseOpsArguments, USAGE } from "./ops/arguments.ts";
import { type Answer, createClient, parseJson } from "./ops/client.ts";
import { formatActions, formatStatus, formatTick } from "./ops/format-status.ts";
import { createScreen } from "./ops/screen.ts";
import { watchRotation } from "./ops/watch.ts";
import { actionsSchema, type Status, statusSchema, tickAnswerSchema } from "./status.ts";

const screen = createScreen(process.stdout, process.stderr);

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  let options: OpsOptions;
  try {
    options = parseOpsArguments(args, process.env, Date.now());
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    screen.printError(error.message);
    screen.printError("npm run ops -- --help shows how it is used");
    return 2;
  }
  if (isReadableOnTheWay(options.url)) {
    screen.printError(`warning: ${options.url} is not https, so anyone on the way can read the token`);
  }
  return run(options);
}

async function run({ command, url, token, json, watch, body, limit }: OpsOptions): Promise<number> {
  const client = createClient(url, token);
  const isWatchAlone = command === "status" && watch;
  if (!isWatchAlone) {
    const code = show(await client.call(command, { body, limit }), { command, url, json });
    if (code !== 0 || !watch) return code;
  }
  return watchRotation({
    ...screen,
    url,
    getStatus: async () => {
      const answer = await client.call("status");
      return answer.ok ? { ok: true, status: parse(statusSchema, answer.text) } : answer;
    },
    wait: (ms) => delay(ms),
  });
}

/** Prints what came of a command. Answers with the exit code. */
function show(answer: Answer, { command, url, json }: Pick<OpsOptions, "command" | "url" | "json">): number {
  if (!answer.ok) {
    for (const line of answer.reason) screen.printError(line);
    return 1;
  }
  if (json) process.stdout.write(`${answer.text.trim()}\n`);
  else for (const line of describe(command, url, answer.text)) screen.print(line);
  return command !== "tick" || parse(outcomeSchema, answer.text).outcome === "committed" ? 0 : 1;
}

const outcomeSchema = tickAnswerSchema.pick({ outcome: true });

function describe(command: OpsOptions["command"], url: string, text: string): string[] {
  if (command === "tick") return formatTick(parse(tickAnswerSchema, text));
  if (command === "actions") return formatActions(parse(actionsSchema, text).actions);
  const status = parse(statusSchema, text);
  const done = DONE[command]?.(status);
  return done === undefined ? formatStatus(url, status) : [done, `Next: ${status.next.what}`];
}

const DONE: Partial<Record<OpsOptions["command"], (status: Status) => string>> = {
  pause: ({ paused, state }) => {
    const until = paused?.until ? `until ${new Date(paused.until).toISOString()}` : "until resume";
    return `Paused ${until}${state === "running" ? "; the running tick still ends" : ""}.`;
  },
  resume: () => "Resumed.",
  reset: () => "The next tick begins a new rotation on both lanes.",
  accept: () => "Released; the next tick takes it in.",
};

function parse<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? `${issue.path.join(".")}: ${issue.message}` : "it is no JSON object";
  throw new BadInput(`the answer is not what this tool knows (${where}): --json prints it, and --url may be wrong`);
}

try {
  process.exitCode = await main();
} catch (error) {
  screen.printError(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  screen.end();
}
