import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "@standings/tools/repository";
import { Miniflare, type WorkerOptions } from "miniflare";
import { unstable_splitSqlQuery as splitSqlQuery } from "wrangler";
import { listChildren, pinServer } from "./processes.ts";

/** Workers in one workerd, with their databases in a folder that ends with it. */
export interface Stack {
  mf: Miniflare;
  /** Of miniflare's front, which sends a request to the Worker that its MF-Route-Override header names. */
  origin(): string;
  /** Of a Worker's own socket. */
  directOrigin(worker: string): Promise<string>;
  /** Processes that do the work. */
  pids(): number[];
  /** The same data under new isolates: what a deployment or an eviction leaves. */
  restart(workers?: WorkerOptions[]): Promise<void>;
  close(): Promise<void>;
}

export async function startStack(workers: WorkerOptions[]): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "standings-bench-"));
  let options = {
    ...{ host: "127.0.0.1", port: 0, resourcePersistencePath: folder, workers },
    // Only what should not be: a tick's own line would stand between every two lines of progress.
    handleStructuredLogs: ({ level, message }: { level: string; message: string }) => {
      if (level === "error" || level === "warn") process.stderr.write(`${message}\n`);
    },
  };
  const mf = new Miniflare(options);
  let origin = "";
  let pids: number[] = [];
  const begin = async () => {
    origin = (await mf.ready).origin;
    pids = listChildren("workerd");
    pinServer(pids);
  };
  await begin();
  return {
    mf,
    origin: () => origin,
    directOrigin: async (worker) => (await mf.unsafeGetDirectURL(worker)).origin,
    pids: () => pids,
    async restart(others) {
      options = { ...options, workers: others ?? options.workers };
      await mf.setOptions(options);
      await begin();
    },
    async close() {
      await mf.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Applies the migrations to a Worker's database. */
export async function migrate(database: D1Database): Promise<void> {
  const folder = join(ROOT, "migrations");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) {
    for (const statement of splitSqlQuery(readFileSync(join(folder, file), "utf8"))) {
      await database.prepare(statement).run();
    }
  }
}

/** A Worker's database, as code outside of the Worker reaches it. */
export async function openDatabase(mf: Miniflare, binding: string, worker: string): Promise<D1Database> {
  // miniflare types it with its own copy of the same interface.
  return (await mf.getD1Database(binding, worker)) as unknown as D1Database;
}
