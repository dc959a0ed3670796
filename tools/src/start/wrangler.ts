import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { findWrangler, ROOT } from "../repository.ts";
import { createMark } from "./process-tree.ts";

/** Where whole lines of output go, without colours. */
export type LineSink = (line: string) => void;

/** Under wrangler's `--persist-to`: one place for both Workers, the migrations and the seed. */
export function toDataDir(stateDir: string): string {
  return join(stateDir, "data");
}

export function spawnWrangler(stateDir: string, args: readonly string[], onLine: LineSink): ChildProcess {
  const [node = process.execPath, wrangler = ""] = findWrangler();
  const child = spawn(node, [wrangler, ...args, "--persist-to", toDataDir(stateDir)], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...createMark(stateDir),
      // Own registry: a second stack on this machine must not answer this one's service bindings.
      WRANGLER_REGISTRY_PATH: join(stateDir, "registry"),
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_WRITE_LOGS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      NO_COLOR: "1",
      FORCE_COLOR: "0",
      CI: "1",
    },
  });
  for (const stream of [child.stdout, child.stderr]) splitLines(stream as NodeJS.ReadableStream, onLine);
  return child;
}

/** Runs a command to its end. Throws with what it said when it fails. */
export async function runWrangler(stateDir: string, args: readonly string[], onLine: LineSink): Promise<void> {
  const lines: string[] = [];
  const child = spawnWrangler(stateDir, args, (line) => {
    lines.push(line);
    onLine(line);
  });
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) throw new Error(`wrangler ${args[0]} ${args[1]} ended with ${code}:\n${lines.slice(-15).join("\n")}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with the escape character
const COLOURS = /\u001b\[[0-9;]*m/g;

function splitLines(stream: NodeJS.ReadableStream, onLine: LineSink): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.replace(COLOURS, "").trimEnd());
  });
  stream.on("end", () => {
    if (rest) onLine(rest.replace(COLOURS, "").trimEnd());
  });
}
