import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "@standings/tools/repository";
import { listMarked } from "@standings/tools/start/process-tree";
import { readVersion } from "./board.ts";
import { copyTemplate } from "./test-stack.ts";
import { waitUntil } from "./wait-until.ts";

/** `npm start` as a process group of its own. */
export interface KillableStack {
  /** Answers once the board can be read, with its version. */
  waitForBoard(timeoutMs: number): Promise<number>;
  /** Ends every process of it at once, and answers when none is left. */
  kill(): Promise<void>;
}

const GONE_TIMEOUT_MS = 10_000;

/** What is called while wrangler is still starting may never be answered. */
const ANSWER_TIMEOUT_MS = 3_000;

export function startKillableStack(stateDir: string, port: number, env: Record<string, string>): KillableStack {
  copyTemplate(stateDir);
  const child = spawn(process.execPath, [join(ROOT, "tools/src/start.ts")], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env, STATE_DIR: stateDir, PORT: String(port) },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(String(data)));
  const killGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {} // all of it has ended
  };
  process.on("exit", killGroup);

  return {
    async waitForBoard(timeoutMs) {
      const version = await waitUntil("the board of the stack", timeoutMs, async () => {
        return hasEnded(child) ? null : readVersion(`http://127.0.0.1:${port}`, ANSWER_TIMEOUT_MS);
      }).catch(() => null);
      if (version === null) throw new Error(`no board; the stack said:\n${output.join("")}`);
      return version;
    },
    async kill() {
      killGroup();
      await waitUntil("the end of every process", GONE_TIMEOUT_MS, () => {
        return hasEnded(child) && listMarked(stateDir).length === 0 ? true : undefined;
      });
      process.off("exit", killGroup);
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
