import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

// Linux tells of processes in /proc and moves them with taskset; elsewhere CPU times are unknown and nothing is pinned.

const SERVER_CORE = "0";
const GENERATOR_CORE = "1";

/** Linux counts CPU time in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/** Whether servers and generator have a core each. */
export const isPinned = availableParallelism() >= 2 && hasTaskset();

/** Everything that answers shares one core, threads included, so that each design has the same machine. */
export function pinServer(pids: readonly number[]): void {
  for (const pid of pids) pin(pid, SERVER_CORE);
}

export function pinGenerator(pid: number): void {
  pin(pid, GENERATOR_CORE);
}

function pin(pid: number, core: string): void {
  if (isPinned) execFileSync("taskset", ["-a", "-c", "-p", core, String(pid)], { stdio: "ignore" });
}

function hasTaskset(): boolean {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Children of this process with that name. */
export function listChildren(name: string): number[] {
  return readProcesses().flatMap(({ pid, parent, command }) => {
    return parent === process.pid && command === name ? [pid] : [];
  });
}

/** CPU time of processes since they began, in milliseconds; null = this system does not say. */
export function readCpuMs(pids: readonly number[]): number | null {
  const used = pids.map((pid) => readStat(pid)?.cpuMs);
  return used.every((ms) => ms !== undefined) ? used.reduce((sum, ms) => sum + ms, 0) : null;
}

function readProcesses() {
  try {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.flatMap((pid) => readStat(Number(pid)) ?? []);
  } catch {
    return [];
  }
}

function readStat(pid: number): { pid: number; parent: number; command: string; cpuMs: number } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // has ended, or there is no /proc
  }
  // The command stands in brackets and may hold spaces; behind it: state, parent, …, and CPU time in fields 14 and 15.
  const command = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { pid, parent: Number(fields[1]), command, cpuMs: (ticks / TICKS_PER_SECOND) * 1_000 };
}
