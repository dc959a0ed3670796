import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";

// wrangler's own children outlive it when it is killed. Everything that is started for a state folder carries a mark in
// its environment, which children inherit: whoever has it belongs to us, whoever its parent is by now.

const VARIABLE = "STANDINGS_STATE_MARK";

/** Environment for whatever is started for this state folder. */
export function createMark(stateDir: string): Record<string, string> {
  return { [VARIABLE]: createHash("sha256").update(stateDir).digest("hex") };
}

/** The processes started for this state folder that still run. */
export function listMarked(stateDir: string): number[] {
  const entry = Object.entries(createMark(stateDir)).map(([name, value]) => `${name}=${value}`)[0] ?? "";
  return (existsSync("/proc/self/environ") ? listByProc(entry) : listByPs(entry)).filter((pid) => pid !== process.pid);
}

/** Kills what is left of them, at once. */
export function killMarked(stateDir: string): number[] {
  const pids = listMarked(stateDir);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {} // it has just ended by itself
  }
  return pids;
}

function listByProc(entry: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(entry);
      } catch {
        return false; // gone, or somebody else's
      }
    })
    .map(Number);
}

function listByPs(entry: string): number[] {
  try {
    const lines = execFileSync("ps", ["-A", "-E", "-ww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
    return lines.filter((line) => line.includes(entry)).map((line) => Number.parseInt(line, 10));
  } catch {
    return []; // no such ps here: what wrangler ends by itself will have to do
  }
}
