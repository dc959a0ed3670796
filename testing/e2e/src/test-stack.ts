import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "@standings/tools/repository";
import { parseStartOptions } from "@standings/tools/start/options";
import { findFreePort } from "@standings/tools/start/ports";
import { type Stack, startStack } from "@standings/tools/start/stack";
import { isErrorStart } from "@standings/tools/start/wrangler-output";
import type { Upstream } from "@standings/upstream-sim/server";
import { createOperator, type Operator } from "./operator.ts";

/** A token of this run only: what is searched for in logs must not be there by chance. */
export const ADMIN_TOKEN = "e2e-admin-3f9c1d7a52";

export interface TestStack {
  origin: string;
  logPath: string;
  versionAtStart: number;
  upstream: Upstream;
  operator: Operator;
  /** Everything that wrangler and the Workers printed. */
  lines: string[];
  /** The errors among them, first lines only. */
  listErrors(): string[];
  close(): Promise<void>;
}

/** Both Workers and the simulated upstreams, with the environment of `npm start`. */
export async function startTestStack(stateDir: string, env: Record<string, string> = {}): Promise<TestStack> {
  const port = String(await findFreePort());
  const options = parseStartOptions([], { PORT: port, STATE_DIR: stateDir, ADMIN_TOKEN, ...env }, ROOT);
  const lines: string[] = [];
  const stack: Stack = await startStack({ ...options, onLine: (line) => lines.push(line) });
  if (!stack.upstream) throw new Error("every upstream was overridden");
  return {
    origin: stack.origin,
    logPath: stack.logPath,
    versionAtStart: stack.versionAtStart,
    upstream: stack.upstream,
    operator: createOperator(stack.origin, ADMIN_TOKEN),
    lines,
    listErrors: () => lines.filter(isErrorStart),
    close: stack.close,
  };
}

/** A folder for one test file, gone with `remove`. */
export function createTestFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "standings-e2e-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** For ROSTER_FILE. */
export function writeRoster(folder: string, agents: readonly object[]): string {
  const path = join(folder, "agents.json");
  writeFileSync(path, JSON.stringify({ agents, cachedAt: new Date().toISOString() }));
  return path;
}
