import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRoster } from "@standings/upstream-sim";
import { BadInput } from "@standings/upstream-sim/bad-input";
import { type LineSink, runWrangler, toDataDir } from "./wrangler.ts";

const ROSTER_AGENTS = 430;
const ROSTER_KEY = "cache:agent-list";

/** What is seeded as `cache:agent-list`. */
export interface RosterSeed {
  agents: unknown[];
  cachedAt?: unknown;
}

/** The given file's roster, or a generated one. Its entries are the rebuilder's to judge. */
export function readRoster(rosterFile: string | undefined): RosterSeed {
  if (rosterFile === undefined) return createRoster({ agents: ROSTER_AGENTS });
  let roster: unknown;
  try {
    roster = JSON.parse(readFileSync(rosterFile, "utf8"));
  } catch (error) {
    throw new BadInput(
      `ROSTER_FILE: cannot read ${rosterFile} as JSON (${error instanceof Error ? error.message : error})`,
    );
  }
  const agents = (roster as { agents?: unknown } | null)?.agents;
  if (!Array.isArray(agents)) throw new BadInput(`ROSTER_FILE: ${rosterFile} has no array "agents"`);
  return roster as RosterSeed;
}

/** Applies the migrations and puts the roster where the rebuilder reads it. What is up to date is left alone. */
export async function seedState(
  stateDir: string,
  configPath: string,
  roster: RosterSeed,
  { onLine, onStep }: { onLine: LineSink; onStep: (step: string) => void },
): Promise<void> {
  mkdirSync(toDataDir(stateDir), { recursive: true });
  const onlyWhenChanged = async (name: string, step: string, content: string, apply: () => Promise<void>) => {
    const marker = join(toDataDir(stateDir), `${name}.sha256`);
    const hash = createHash("sha256").update(content).digest("hex");
    if (readIfThere(marker) === hash) return;
    onStep(step);
    await apply();
    writeFileSync(marker, hash);
  };
  const local = ["--local", "--config", configPath];
  // One after the other: two workerds that make the same files at once find them locked.
  await onlyWhenChanged("migrations", "tables of the database", readMigrations(configPath), () =>
    runWrangler(stateDir, ["d1", "migrations", "apply", "DB", ...local], onLine),
  );
  await onlyWhenChanged(
    "roster",
    `roster of ${roster.agents.length} agents`,
    JSON.stringify({ ...roster, cachedAt: null }),
    async () => {
      const path = join(dirname(dirname(configPath)), "roster.json");
      writeFileSync(path, JSON.stringify(roster));
      const binding = ["--binding", "VERIFIED_AGENTS", "--path", path];
      await runWrangler(stateDir, ["kv", "key", "put", ROSTER_KEY, ...binding, ...local], onLine);
    },
  );
}

function readMigrations(configPath: string): string {
  const config = JSON.parse(readFileSync(configPath, "utf8")) as { d1_databases: { migrations_dir: string }[] };
  const folder = config.d1_databases[0]?.migrations_dir ?? "";
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return files
    .sort()
    .map((name) => `${name}\n${readFileSync(join(folder, name), "utf8")}`)
    .join("\n");
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // never written
  }
}
