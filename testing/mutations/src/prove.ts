import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { type Proof, ROOMS } from "./mutation.ts";

export type Verdict = "killed" | "survived";

/** A test that does not end is a failed one: mutations may well hang it. */
const TIMEOUT_MS = 240_000;

/** The same histories every time: a mutation is killed by these or it is not. */
const SIM_SEED = "20261122";

/** Runs the proof in a copy. Throws when it says nothing: no test had that name, or the runner itself broke. */
export async function prove(proof: Proof, copy: string): Promise<Verdict> {
  const { folder, args: chosen } = toRun(proof);
  const report = path.join(copy, "report.json");
  rmSync(report, { force: true });
  const args = ["run", ...chosen, "--bail=1", "--reporter=json", `--outputFile=${report}`];
  const histories = "histories" in proof ? proof.histories : 1;
  const env = { ...process.env, SIM_HISTORIES: String(histories), SIM_SEED, NO_COLOR: "1" };
  const { code, output, isLate } = await run(
    path.join(copy, "node_modules/.bin/vitest"),
    args,
    path.join(copy, folder),
    env,
  );
  if (isLate) return "killed";
  if (!existsSync(report)) throw new Error(`no report of ${describeProof(proof)}:\n${output.slice(-2_000)}`);
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, "utf8"));
  if (numFailedTests > 0 || numFailedTestSuites > 0) return "killed";
  if (numPassedTests === 0) throw new Error(`no test is called ${describeProof(proof)}`);
  if (code !== 0) return "killed"; // an unhandled error fails the run, not a test
  return "survived";
}

/** Where vitest runs, and what. */
function toRun(proof: Proof): { folder: string; args: string[] } {
  if ("histories" in proof) return { folder: ROOMS.rebuilder, args: ["-c", "vitest.sim.config.ts", "sim/simulation"] };
  const { room, test, title } = proof;
  // What a table fills in is not known here: the title up to there is enough.
  const named = title ? ["-t", escapeRegExp(title.replace(/[%$].*/s, "").trimEnd())] : [];
  if (test.startsWith("src/"))
    return { folder: ".", args: ["-c", "vitest.pure.config.ts", `${ROOMS[room]}/${test}`, ...named] };
  const isSim = test.startsWith("sim/");
  return { folder: ROOMS[room], args: [...(isSim ? ["-c", "vitest.sim.config.ts"] : []), test, ...named] };
}

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  return new Promise<{ code: number | null; output: string; isLate: boolean }>((resolve, reject) => {
    // A group of its own, so that a hung run ends with all of its workers.
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let isLate = false;
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid) process.kill(-child.pid, "SIGKILL");
    }, TIMEOUT_MS);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output, isLate });
    });
  });
}

export function describeProof(proof: Proof): string {
  if ("histories" in proof) return `${proof.histories} histories`;
  const file = `${ROOMS[proof.room]}/${proof.test}`;
  return proof.title ? `${file} "${proof.title}"` : file;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
