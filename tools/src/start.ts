import { relative } from "node:path";
import { ROOT } from "./repository.ts";
import { callAdmin } from "./start/api-client.ts";
import { DEFAULT_ADMIN_TOKEN, parseStartOptions, type StartOptions } from "./start/options.ts";
import { type Stack, startStack } from "./start/stack.ts";
import { createLineClassifier } from "./start/wrangler-output.ts";

const USAGE = `usage: npm start [-- --live]

Starts simulated upstreams and both Workers on a local board of 430 agents.
--live        call the public hosts instead
Environment:  PORT (8787), STATE_DIR, ROSTER_FILE, REPLAY_DIR, ADMIN_TOKEN, UPSTREAM_PORT, UPSTREAM_SEED,
              UPSTREAM_STEP_SECONDS, UPSTREAM_LATENCY_MS, UPSTREAM_FAULTS, CHUNK_SIZE, SUBREQUEST_BUDGET,
              ALARM_INTERVAL_ACTIVE_MS, ALARM_INTERVAL_IDLE_MS, ALARM_WATCHDOG_MS, HIRO_API_URL, MEMPOOL_API_URL,
              BLOCKSTREAM_API_URL, COINGECKO_API_URL, COINBASE_API_URL, ALEX_API_URL, TENERO_API_URL, HIRO_API_KEY,
              COINGECKO_API_KEY, TENERO_API_KEY`;

/** How long "ready" waits for the first tick; public hosts may take longer. */
const FIRST_TICK_WAIT_MS = 15_000;

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
  console.log(`Starting on ${relative(process.cwd(), options.stateDir) || "."} ...`);
  const starting = startStack({ ...options, onLine: createPrinter() });
  const stack = await Promise.race([starting, interrupted]);
  if (stack === "interrupted") {
    await starting.then((started) => started.close()).catch(() => undefined);
    return 0;
  }

  if (stack.versionAtStart === 0) await kickFirstTick(stack, options);
  printAddresses(stack, options);
  const end = await Promise.race([interrupted, stack.ended]);
  if (end !== "interrupted") console.error(`${end}; see ${stack.logPath}`);
  await stack.close();
  return end === "interrupted" ? 0 : 1;
}

/** Only on an empty state: what resumes after a crash resumes by itself. */
async function kickFirstTick(stack: Stack, options: StartOptions): Promise<void> {
  const kicked = callAdmin(stack.origin, options.adminToken, "/tick").then(
    () => console.log("First tick done."),
    (error: unknown) => console.error(`The first tick failed: ${error instanceof Error ? error.message : error}`),
  );
  await Promise.race([kicked, new Promise((resolve) => setTimeout(resolve, FIRST_TICK_WAIT_MS).unref()), stack.ended]);
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

function createPrinter(): (line: string) => void {
  const classify = createLineClassifier();
  return (line) => {
    const kind = classify(line);
    if (kind === "error") console.error(line);
    else if (kind === "console") console.log(line);
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
