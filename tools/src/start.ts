import { relative } from "node:path";
import { ROOT } from "./repository.ts";
import { callAdmin } from "./start/api-client.ts";
import { DEFAULT_ADMIN_TOKEN, parseStartOptions, type StartOptions } from "./start/options.ts";
import { createPrinter, readReasons } from "./start/printer.ts";
import { type Stack, startStack } from "./start/stack.ts";

const USAGE = `usage: npm start [-- --live]

Starts simulated upstreams and both Workers on a local board of 430 agents.
--live        call the public hosts instead
Environment:  PORT (8787), STATE_DIR, ROSTER_FILE, REPLAY_DIR, ADMIN_TOKEN, UPSTREAM_PORT, UPSTREAM_SEED,
              UPSTREAM_STEP_SECONDS, UPSTREAM_LATENCY_MS, UPSTREAM_FAULTS, CHUNK_SIZE, SUBREQUEST_BUDGET,
              ALARM_INTERVAL_ACTIVE_MS, ALARM_INTERVAL_IDLE_MS, ALARM_WATCHDOG_MS, HIRO_API_URL, MEMPOOL_API_URL,
              BLOCKSTREAM_API_URL, COINGECKO_API_URL, COINBASE_API_URL, HIRO_API_KEY, COINGECKO_API_KEY`;

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const options = parseStartOptions(args, process.env, ROOT);
  if (options.live && options.rosterFile === undefined) {
    console.log("The generated roster holds nothing on the public chains: set ROSTER_FILE to a real one.");
  }
  const interrupted = waitForSignal();
  console.log(`Starting a local board; its state is in ${relative(process.cwd(), options.stateDir) || "."}`);
  const starting = startStack({ ...options, onLine: createTerminal(options), onStep: createSteps() });
  const stack = await Promise.race([starting, interrupted]);
  if (stack === "interrupted") {
    await starting.then((started) => started.close()).catch(() => undefined);
    return 0;
  }

  printAddresses(stack, options);
  if (stack.versionAtStart === 0) kickFirstTick(stack, options);
  console.log("One line a tick: agents that answered well of those asked, by lane.");
  const end = await Promise.race([interrupted, stack.ended]);
  if (end !== "interrupted") console.error(`${end}; see ${stack.logPath}`);
  await stack.close();
  return end === "interrupted" ? 0 : 1;
}

/** Only on an empty state: what resumes after a crash resumes by itself. */
function kickFirstTick({ origin }: Stack, { adminToken }: StartOptions): void {
  callAdmin(origin, adminToken, "/tick").catch((error: unknown) => {
    console.error(`The first tick failed: ${error instanceof Error ? error.message : error}`);
  });
}

function printAddresses({ origin, upstream, logPath }: Stack, { adminToken }: StartOptions): void {
  const token = adminToken === DEFAULT_ADMIN_TOKEN ? adminToken : "$ADMIN_TOKEN"; // one's own is not for the screen
  const admin = `-H "Authorization: Bearer ${token}" ${origin}/api/admin/rebuilder`;
  console.log(`
ready
  Board     ${origin}/dashboard
  JSON      ${origin}/api/dashboard
  API       ${origin}/openapi.json
  Health    ${origin}/api/health
  Status    curl ${admin}
  Tick now  curl -X POST ${admin}/tick
  Upstreams ${upstream ? upstream.controlUrl : "public or overridden"}
  Log       ${relative(process.cwd(), logPath)}
Ctrl-C ends it.
`);
}

function createTerminal({ port }: StartOptions): (line: string) => void {
  const print = createPrinter({
    print: (line) => console.log(line),
    printError: (line) => console.error(line),
    now: () => new Date(),
    listReasons: () => readReasons(`http://127.0.0.1:${port}`),
  });
  return (line) => void print(line);
}

/** What is being done, and how long after the start. */
function createSteps(): (step: string) => void {
  const startedAt = performance.now();
  return (step) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(`  ${seconds.padStart(5)} s  ${step}`);
  };
}

/** The first signal ends everything in order, the second at once. */
function waitForSignal(): Promise<"interrupted"> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(130);
        resolve("interrupted");
      });
    }
  });
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
