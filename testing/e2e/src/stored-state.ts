import { copyFileSync, existsSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

// Where a local wrangler keeps what the platform would: one SQLite file a database or object, and a list of alarms.

/** What the database holds, read without any Worker. */
export interface StoredBoard {
  commits: { epoch: number; tickId: string }[]; // by epoch
  versions: number[]; // of the publications kept, ascending
  balances: Record<string, string>; // "agent token" -> raw amount
  lastAttempted: string; // of the newest rotation, in the order of addresses
}

/** Reads a copy, so that the files stay as the killed processes left them. */
export function readStoredBoard(stateDir: string): StoredBoard {
  const folder = mkdtempSync(join(tmpdir(), "standings-copy-"));
  try {
    const path = findDatabase(stateDir);
    for (const suffix of ["", "-wal"]) {
      if (existsSync(path + suffix)) copyFileSync(path + suffix, join(folder, basename(path) + suffix));
    }
    const database = new DatabaseSync(join(folder, basename(path)));
    const commits = database.prepare("SELECT epoch, tick_id AS tickId FROM tick_commits ORDER BY epoch").all();
    const versions = database.prepare("SELECT version FROM publications ORDER BY version").all();
    const rows = database
      .prepare("SELECT agent_address || ' ' || token_id AS key, raw_amount AS raw FROM balances")
      .all();
    const last = database
      .prepare("SELECT max(agent_address) AS agent FROM fetches WHERE rotation = (SELECT max(rotation) FROM fetches)")
      .get();
    database.close();
    return {
      commits: commits as unknown as StoredBoard["commits"],
      versions: versions.map((row) => Number(row.version)),
      balances: Object.fromEntries(rows.map((row) => [String(row.key), String(row.raw)])),
      lastAttempted: String(last?.agent ?? ""),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Takes everything that the rebuilder's object remembers, its alarm included. The database stays. */
export function wipeObject(stateDir: string): void {
  rmSync(toObjectFolder(stateDir), { recursive: true });
}

/** The object remembers an alarm that is long past, and nothing will ever fire it. */
export function strandAlarm(stateDir: string, alarmAt: number): void {
  const folder = toObjectFolder(stateDir);
  const alarms = new DatabaseSync(join(folder, "metadata.sqlite"));
  const { changes } = alarms.prepare("DELETE FROM _cf_ALARM").run();
  alarms.close();
  const [path] = globSync(join(folder, "*.sqlite")).filter((file) => basename(file) !== "metadata.sqlite");
  if (!path || Number(changes) !== 1) throw new Error(`no alarm is set in ${folder}`);
  const object = new DatabaseSync(path);
  const nanoseconds = BigInt(alarmAt) * 1_000_000n;
  const set = object.prepare("UPDATE _cf_METADATA SET value = ? WHERE key = 1").run(nanoseconds);
  object.close();
  if (Number(set.changes) !== 1) throw new Error(`${path} remembers no alarm`);
}

function findDatabase(stateDir: string): string {
  const [path, ...others] = globSync(join(stateDir, "data/v3/d1/*/*.sqlite")).filter((file) => {
    return basename(file) !== "metadata.sqlite";
  });
  if (!path || others.length > 0) throw new Error(`${stateDir} has ${others.length + (path ? 1 : 0)} databases`);
  return path;
}

function toObjectFolder(stateDir: string): string {
  return join(stateDir, "data/v3/do/standings-rebuilder-DashboardRebuildDO");
}
