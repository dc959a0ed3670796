import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { GUARDS, type Guard } from "./guards.ts";

// Removes each guard in turn from a copy of the sources and shows that some test then fails. With words as arguments,
// only the guards whose names contain one of them.

const TOP = path.resolve(import.meta.dirname, "../../..");
const words = process.argv.slice(2);
const guards = GUARDS.filter((guard) => words.length === 0 || words.some((word) => guard.name.includes(word)));

const copy = mkdtempSync(path.join(tmpdir(), "standings-guards-"));
let survived = 0;
try {
  makeCopy();
  const unharmed = guards
    .map((guard) => guard.proof)
    .filter((proof, index, all) => index === all.findIndex((p) => isSame(p, proof)));
  for (const proof of unharmed) {
    if (!prove(proof)) throw new Error(`the tests fail with every guard in place: ${JSON.stringify(proof)}`);
  }
  for (const guard of guards) {
    const isCaught = isCaughtWithout(guard);
    if (!isCaught) survived++;
    console.log(`${isCaught ? "caught " : "MISSED "} ${guard.name.padEnd(70)} ${describe(guard.proof)}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${guards.length - survived} of ${guards.length} removed guards made a test fail`);
process.exitCode = survived > 0 ? 1 : 0;

/** The tracked and new files of the repository, with its installed packages linked in. */
function makeCopy(): void {
  const list = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: TOP, encoding: "utf8" });
  for (const file of list.split("\0").filter(Boolean)) {
    const target = path.join(copy, file);
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(path.join(TOP, file), target);
  }
  // Links to the workspaces must lead into the copy: everything else may lead out of it.
  const modules = path.join(copy, "node_modules");
  mkdirSync(path.join(modules, "@standings"), { recursive: true });
  for (const name of readdirSync(path.join(TOP, "node_modules"))) {
    if (name !== "@standings") symlinkSync(path.join(TOP, "node_modules", name), path.join(modules, name));
  }
  const workspaces = { balances: "packages/balances", db: "packages/db", rebuilder: "services/rebuilder" };
  for (const [name, folder] of Object.entries(workspaces)) {
    symlinkSync(path.join(copy, folder), path.join(modules, "@standings", name));
  }
}

function isCaughtWithout({ name, file, find, replace, proof }: Guard): boolean {
  const target = path.join(copy, file);
  const source = readFileSync(target, "utf8");
  if (source.split(find).length !== 2) throw new Error(`the guard "${name}" is not found once in ${file}`);
  writeFileSync(
    target,
    source.replace(find, () => replace),
  );
  try {
    return !prove(proof);
  } finally {
    writeFileSync(target, source);
  }
}

function prove(proof: Guard["proof"]): boolean {
  const isSim = "sim" in proof || proof.test.startsWith("sim/");
  const isPackage = "test" in proof && proof.test.startsWith("../");
  const folder = path.join(copy, "services/rebuilder", isPackage && "test" in proof ? proof.test : ".");
  const args = ["run", ...(isSim ? ["-c", "vitest.sim.config.ts"] : []), "--bail=1"];
  if ("sim" in proof) args.push("sim/simulation");
  else if (!isPackage) args.push(proof.test, ...(proof.title ? ["-t", proof.title] : []));
  const run = spawnSync(path.join(TOP, "node_modules/.bin/vitest"), args, {
    cwd: folder,
    encoding: "utf8",
    // The same histories every time: a guard is caught by this seed or it is not.
    env: { ...process.env, SIM_HISTORIES: "sim" in proof ? String(proof.sim) : "1", SIM_SEED: "20261122" },
    timeout: 300_000,
  });
  if (/No test files found|No test suite/.test(run.stdout + run.stderr))
    throw new Error(`no test for ${JSON.stringify(proof)}`);
  return run.status === 0;
}

function describe(proof: Guard["proof"]): string {
  if ("sim" in proof) return `${proof.sim} histories`;
  return proof.title ? `${proof.test} "${proof.title}"` : proof.test.replace("../../", "");
}

function isSame(a: Guard["proof"], b: Guard["proof"]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
