import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { cpus, platform, release, totalmem } from "node:os";
import { ROOT } from "@standings/tools/repository";
import { isPinned } from "../rig/processes.ts";

/** On what a result was measured: without it, a number says nothing. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  node: string;
  workerd: string;
  miniflare: string;
  autocannon: string;
  /** Servers on one core, the generator on another. */
  pinned: boolean;
  commit: string;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() || "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.versions.node,
    workerd: readVersion("workerd"),
    miniflare: readVersion("miniflare"),
    autocannon: readVersion("autocannon"),
    pinned: isPinned,
    commit: readCommit(),
  };
}

function readVersion(name: string): string {
  const manifest: { version?: string } = createRequire(import.meta.url)(`${name}/package.json`);
  return manifest.version ?? "unknown";
}

/** With a plus where something is not committed. */
function readCommit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") ? "+" : "");
  } catch {
    return "unknown";
  }
}
