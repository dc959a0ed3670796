import { setTimeout as delay } from "node:timers/promises";
import { createDb } from "@standings/db";
import { toConfigPath } from "@standings/tools/repository";
import type { BenchOptions } from "../options.ts";
import { bundlePeer } from "../peers/bundle.ts";
import type { Progress } from "../progress.ts";
import { type BuiltWorker, buildWorker } from "../rig/build.ts";
import { migrate, openDatabase, startStack } from "../rig/stack.ts";
import { toPeerOptions, toWorkerOptions } from "../rig/worker-options.ts";
import { createPopulation } from "../seed/population.ts";
import { compilePublication, seedAgents } from "../seed/seed.ts";
import { type Summary, summarize } from "../stats.ts";
import { type ReaderWaits, startReaders } from "./readers.ts";

export interface PublishResult {
  sizes: PublishSeries[];
}

export interface PublishSeries {
  agents: number;
  publications: number;
  /** In the database, as D1 reports it for the whole batch. */
  d1Ms: Summary;
  rowsWritten: Summary;
  rowsRead: Summary;
  /** Of who asks the database for the newest version meanwhile, and of who asks the product for its first page. */
  waits: { database: Summary; page: Summary };
  /** The same readers while nothing is published. */
  quiet: { database: number; page: number };
}

/** BTC, STX, sBTC and two tokens that do not count. */
const BALANCES_AN_AGENT = 5;

const API = "standings-api";
const READER = "d1-reader";

/** Before and after a publication, so that readers are under way when it begins. */
const MARGIN_MS = 500;

export async function runPublish(options: BenchOptions, progress: Progress): Promise<PublishResult> {
  progress("building both Workers");
  const builds = { api: await buildWorker("api"), rebuilder: await buildWorker("rebuilder") };
  const sizes: PublishSeries[] = [];
  for (const agents of options.publishSizes) {
    progress(`publish, ${agents} agents`);
    sizes.push(await measureSize(agents, builds, Math.max(2, options.rounds), progress));
  }
  return { sizes };
}

async function measureSize(
  agents: number,
  builds: Record<"api" | "rebuilder", BuiltWorker>,
  publications: number,
  progress: Progress,
): Promise<PublishSeries> {
  const stack = await startStack([
    toWorkerOptions(toConfigPath("api"), [{ name: "worker.js", code: builds.api.code }]),
    toWorkerOptions(toConfigPath("rebuilder"), [{ name: "worker.js", code: builds.rebuilder.code }]),
    toPeerOptions(READER, await bundlePeer(READER), {
      DB: { type: "d1", id: "00000000-0000-0000-0000-000000000000" },
    }),
  ]);
  try {
    const database = await openDatabase(stack.mf, "DB", API);
    const db = createDb(database);
    await migrate(database);
    await seedAgents(db, createPopulation(agents, BALANCES_AN_AGENT), Date.now(), progress);
    await db.batch(compilePublication(db, 1, Date.now()));
    const readWhile = async <T>(work: () => Promise<T>) => {
      const ofDatabase = startReaders(stack.origin(), { "MF-Route-Override": READER });
      const ofPage = startReaders(`${stack.origin()}/api/dashboard?limit=100`, { "MF-Route-Override": API });
      await delay(MARGIN_MS);
      const done = await work();
      await delay(MARGIN_MS);
      return { done, database: await ofDatabase.stop(), page: await ofPage.stop() };
    };
    const quiet = await readWhile(() => delay(1_000));
    const runs: { d1Ms: number; rowsWritten: number; rowsRead: number; database: ReaderWaits; page: ReaderWaits }[] =
      [];
    for (let version = 2; version < 2 + publications; version++) {
      const { done, ...waits } = await readWhile(() => db.batch(compilePublication(db, version, Date.now())));
      runs.push({ d1Ms: done.durationMs, rowsWritten: done.rowsWritten, rowsRead: done.rowsRead, ...waits });
      progress(`  publication ${version - 1} of ${publications}: ${Math.round(done.durationMs)} ms`);
    }
    return {
      agents,
      publications,
      d1Ms: summarize(runs.map(({ d1Ms }) => d1Ms)),
      rowsWritten: summarize(runs.map(({ rowsWritten }) => rowsWritten)),
      rowsRead: summarize(runs.map(({ rowsRead }) => rowsRead)),
      waits: {
        database: summarize(runs.map(({ database: { longestMs } }) => longestMs)),
        page: summarize(runs.map(({ page: { longestMs } }) => longestMs)),
      },
      quiet: { database: quiet.database.longestMs, page: quiet.page.longestMs },
    };
  } finally {
    await stack.close();
  }
}
