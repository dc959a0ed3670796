import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HOSTS, toUrlVar } from "@standings/upstream-sim";
import { BadInput } from "@standings/upstream-sim/bad-input";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { waitForBoard } from "./api-client.ts";
import type { StartOptions } from "./options.ts";
import { assertPortFree } from "./ports.ts";
import { killMarked, listMarked } from "./process-tree.ts";
import { readRoster, seedState } from "./seed.ts";
import { type ConfigPaths, writeWorkerConfigs } from "./worker-config.ts";
import { type LineSink, spawnWrangler } from "./wrangler.ts";

export interface Stack {
  origin: string;
  logPath: string;
  /** The simulated upstreams; undefined when none is needed. */
  upstream: Upstream | undefined;
  /** The ranking that the stored state began with; 0 = none. */
  versionAtStart: number;
  /** Settles when wrangler ends before it is told to. */
  ended: Promise<string>;
  /** Ends everything that was started. */
  close(): Promise<void>;
}

export interface StackOptions extends StartOptions {
  /** The checkout to run, this one unless a test says otherwise. */
  root?: string;
  onLine: LineSink;
  /** What is being done, as it begins. */
  onStep?: (step: string) => void;
}

const UP_TIMEOUT_MS = 90_000;
const GRACE_MS = 5_000;

/** Starts the simulated upstreams and both Workers on the stored state. On failure nothing is left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stateDir, port, onStep = () => {} } = options;
  const roster = readRoster(options.rosterFile);
  await assertPortFree(port);
  const others = listMarked(stateDir);
  if (others.length > 0) throw new BadInput(`STATE_DIR: ${stateDir} is in use by process ${others.join(", ")}`);
  mkdirSync(stateDir, { recursive: true });

  const logPath = join(stateDir, "wrangler.log");
  const log = createWriteStream(logPath);
  const guard = startGuard(stateDir);
  const onExit = () => killMarked(stateDir);
  process.on("exit", onExit);
  const stopped = new AbortController();
  let upstream: Upstream | undefined;
  let dev: ChildProcess | undefined;

  const close = async () => {
    stopped.abort();
    if (dev) await endGently(dev);
    killMarked(stateDir);
    await upstream?.close();
    process.off("exit", onExit);
    await endGuard(guard); // or it would clear up what the next start on this state begins
    await new Promise<void>((resolve) => log.end(resolve));
  };

  try {
    const isSimulated = !options.live && HOSTS.some((host) => options.overrides[toUrlVar(host)] === undefined);
    onStep(isSimulated ? "simulated upstreams" : "no simulated upstreams: public ones, or those of the environment");
    upstream = isSimulated ? await startUpstream(options.upstream) : undefined;
    const configs = writeWorkerConfigs(stateDir, toSettings(options, upstream), options.root);
    const toLog: LineSink = (line) => log.write(`${line}\n`);
    await seedState(stateDir, configs.rebuilder, roster, { onLine: toLog, onStep });
    onStep("both Workers");

    dev = spawnWrangler(stateDir, toDevArguments(configs, port), (line) => {
      toLog(line);
      if (!stopped.signal.aborted) options.onLine(line);
    });
    const ended = waitForEnd(dev, stopped.signal);
    const origin = `http://127.0.0.1:${port}`;
    const versionAtStart = await Promise.race([
      waitForBoard(origin, UP_TIMEOUT_MS, stopped.signal),
      ended.then((how) => Promise.reject(new Error(`${how}; see ${logPath}`))),
    ]);
    return { origin, logPath, upstream, versionAtStart, ended, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function toSettings({ adminToken, overrides, secrets, vars }: StartOptions, upstream: Upstream | undefined) {
  return {
    api: { vars: {}, secrets: { ADMIN_TOKEN: adminToken } },
    rebuilder: { vars: { ...upstream?.baseUrls, ...overrides, ...vars }, secrets },
  };
}

function toDevArguments(configs: ConfigPaths, port: number): string[] {
  const fixed = ["--inspector-port", "0", "--show-interactive-dev-session=false"];
  return ["dev", "--config", configs.api, "--config", configs.rebuilder, "--port", String(port), ...fixed];
}

function startGuard(stateDir: string): ChildProcess {
  const guard = spawn(process.execPath, [join(import.meta.dirname, "guard.ts"), stateDir], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.stdin?.on("error", () => {}); // it may have gone with the whole process group
  return guard;
}

async function endGuard(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => guard.once("exit", () => resolve()));
  guard.stdin?.end();
  await exited;
}

function waitForEnd(child: ChildProcess, stopped: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`wrangler dev could not be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      if (!stopped.aborted) resolve(`wrangler dev ended by itself with ${code ?? signal}`);
    });
  });
}

async function endGently(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await Promise.race([exited, delay(GRACE_MS, undefined, { ref: false })]);
}
