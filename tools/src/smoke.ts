import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BadInput, parseInput } from "@standings/upstream-sim/bad-input";
import { ROOT } from "./repository.ts";
import {
  createMemory,
  formatTick,
  judgeCalls,
  judgeEnd,
  judgePage,
  judgeStatus,
  MAX_IN_FLIGHT,
} from "./smoke/judge.ts";
import { createReasons } from "./smoke/reasons.ts";
import { callAdmin } from "./start/api-client.ts";
import { parseStartOptions, type StartOptions } from "./start/options.ts";
import { findFreePort } from "./start/ports.ts";
import { type Stack, startStack } from "./start/stack.ts";
import { isErrorStart } from "./start/wrangler-output.ts";
import { type Status, statusSchema, type Tick } from "./status.ts";

const POLL_MS = 500;
const CALL_TIMEOUT_MS = 15_000;

/** The times of upstream and status differ a little; ticks are further apart than this. */
const SLACK_MS = 500;

async function main(): Promise<number> {
  const minutes = parseMinutes(process.argv.slice(2));
  const stateDir = mkdtempSync(join(tmpdir(), "standings-smoke-"));
  const env = { ...process.env, PORT: String(await findFreePort()), STATE_DIR: stateDir };
  const options = parseStartOptions([], env, ROOT);
  const reasons = createReasons();
  const addReasons = reasons.add;

  console.log(`Smoke run of ${minutes} min on port ${options.port}, state in ${stateDir}`);
  const onLine = (line: string) => {
    if (isErrorStart(line)) addReasons([`a Worker logged an error: ${line.slice(0, 300)}`]);
  };
  const stack = await startStack({ ...options, onLine });
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  stack.ended.then((how) => {
    addReasons([how]);
    stop.abort();
  });
  await callAdmin(stack.origin, options.adminToken, "/tick").catch((error: Error) => addReasons([error.message]));
  await watch(stack, options, Date.now() + minutes * 60_000, stop.signal, addReasons);
  await stack.close();

  const failures = reasons.list();
  if (failures.length === 0) {
    rmSync(stateDir, { recursive: true, force: true });
    console.log("Smoke run passed.");
    return 0;
  }
  console.log(`Smoke run FAILED; the log is ${stack.logPath}`);
  for (const failure of failures) console.log(`  - ${failure}`);
  return 1;
}

async function watch(
  stack: Stack,
  options: StartOptions,
  until: number,
  stop: AbortSignal,
  addReasons: (reasons: readonly string[]) => void,
): Promise<void> {
  let memory = createMemory();
  let status: Status | undefined;
  while (Date.now() < until && !stop.aborted) {
    try {
      status = parseInput(
        statusSchema,
        await callAdmin(stack.origin, options.adminToken, "", CALL_TIMEOUT_MS),
        "status",
      );
      const judged = judgeStatus(memory, status);
      memory = judged.memory;
      addReasons(judged.reasons);
      for (const tick of judged.newTicks) {
        const calls = countCalls(stack, tick);
        console.log(formatTick(tick, status, calls));
        if (calls !== undefined) addReasons(judgeCalls(tick, calls));
      }
      if (judged.newTicks.length > 0) addReasons(await readPage(stack.origin));
    } catch (error) {
      if (!stop.aborted) addReasons([`status: ${error instanceof Error ? error.message : error}`]);
    }
    await delay(POLL_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  if (stop.aborted) addReasons(["the run was cut short"]);
  addReasons(status ? judgeEnd(status) : ["the status was never seen"]);
  const maxInFlight = stack.upstream?.stats().maxInFlight ?? 0;
  if (maxInFlight > MAX_IN_FLIGHT) addReasons([`${maxInFlight} calls were in flight at once`]);
}

/** The calls of one tick as counted by the upstreams. */
function countCalls(stack: Stack, tick: Tick): number | undefined {
  const [from, to] = [tick.startedAt - SLACK_MS, tick.startedAt + tick.durationMs + SLACK_MS];
  return stack.upstream?.listCalls().filter(({ startedAt }) => startedAt >= from && startedAt <= to).length;
}

async function readPage(origin: string): Promise<string[]> {
  const response = await fetch(`${origin}/dashboard`, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  return judgePage(response.status, response.headers.get("content-type"), await response.text());
}

function parseMinutes(args: readonly string[]): number {
  const [name, value, ...rest] = args;
  const minutes = Number(value);
  if (name !== "--minutes" || !value || rest.length > 0 || !(minutes > 0 && minutes <= 1_440)) {
    throw new BadInput("usage: npm run smoke -- --minutes N (up to 1440)");
  }
  return minutes;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
