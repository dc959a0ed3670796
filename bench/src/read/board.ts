import { createDb, type Db } from "@standings/db";
import { toConfigPath } from "@standings/tools/repository";
import { bundlePeer, PRODUCT_MODULE } from "../peers/bundle.ts";
import { fillKvSnapshot, fillSqlWindow, MAX_KV_VALUE_BYTES } from "../peers/fill-peers.ts";
import type { ServedBoard, ServedPage } from "../peers/page.ts";
import type { RedisPeer } from "../peers/redis.ts";
import type { Progress } from "../progress.ts";
import type { BuiltWorker } from "../rig/build.ts";
import { migrate, openDatabase, type Stack, startStack } from "../rig/stack.ts";
import { toPeerOptions, toWorkerOptions } from "../rig/worker-options.ts";
import { createPopulation } from "../seed/population.ts";
import { compilePublication, seedAgents } from "../seed/seed.ts";

export const PRODUCT = "standings-api";
export const COUNTED = "counted-api";
export const PEERS = {
  hello: "hello",
  hono: "hono-hello",
  constant: "constant-page",
  kv: "kv-snapshot",
  sql: "sql-window",
};

/** BTC, STX, sBTC and six tokens that do not count: about the bytes of the field's rows. */
const BALANCES_AN_AGENT = 9;

/** Pages of 100, each asked for once in a round without memory. */
const PAGE = 100;
const COLD_PAGES = 640;

/** Fewer than the product keeps, so that publishing them prunes none of them. */
const MAX_VERSIONS = 110;

export interface Board {
  stack: Stack;
  agents: number;
  /** Of the newest ranking. */
  served: ServedBoard;
  /** Addresses of pages of 100 of all versions, for asking each once. */
  coldPaths: readonly string[];
  /** Bytes of the snapshot; what KV refuses is not measured. */
  snapshotBytes: number;
  hasSnapshot: boolean;
}

/** All designs with the same ranking, in one workerd, and in Redis where there is one. */
export async function startBoard(
  builds: Record<"api" | "rebuilder", BuiltWorker>,
  agents: number,
  redis: RedisPeer | undefined,
  progress: Progress,
): Promise<Board> {
  const stack = await startStack(await listWorkers(builds, "{}"));
  const db = createDb(await openDatabase(stack.mf, "DB", PRODUCT));
  await migrate(await openDatabase(stack.mf, "DB", PRODUCT));
  progress(`  seeding ${agents} agents`);
  await seedAgents(db, createPopulation(agents, BALANCES_AN_AGENT), Date.now(), progress);
  const versions = await publish(db, agents);
  progress(`  published ${versions} versions; filling the other designs`);
  const served = await readBoard(stack.origin());
  const snapshotBytes = await fillKvSnapshot(stack.mf, PEERS.kv, served);
  await fillSqlWindow(stack.mf, PEERS.sql, served);
  await redis?.fill(served);
  // The page with the same bytes is part of a bundle, so it comes with new isolates; the data stays.
  const page = await readPage(stack.origin(), `/api/dashboard?limit=${PAGE}&offset=0`);
  await stack.restart(await listWorkers(builds, page));
  return {
    stack,
    agents,
    served,
    coldPaths: listColdPaths(agents, versions),
    snapshotBytes,
    hasSnapshot: snapshotBytes <= MAX_KV_VALUE_BYTES,
  };
}

async function listWorkers(builds: Record<"api" | "rebuilder", BuiltWorker>, page: string) {
  const api = toConfigPath("api");
  return [
    toPeerOptions(PEERS.hello, await bundlePeer(PEERS.hello)),
    toPeerOptions(PEERS.hono, await bundlePeer(PEERS.hono)),
    toPeerOptions(PEERS.constant, await bundlePeer(PEERS.constant, { "page.json": page })),
    toPeerOptions(PEERS.kv, await bundlePeer(PEERS.kv), { SNAPSHOTS: { type: "kv", id: "bench-snapshots" } }),
    toPeerOptions(PEERS.sql, await bundlePeer(PEERS.sql), { RANKING: { type: "d1", id: "bench-ranking" } }),
    toWorkerOptions(api, [{ name: "worker.js", code: builds.api.code }]),
    toWorkerOptions(
      api,
      [
        { name: "worker.js", code: await bundlePeer(COUNTED) },
        { name: PRODUCT_MODULE, code: builds.api.code },
      ],
      { name: COUNTED },
    ),
    toWorkerOptions(toConfigPath("rebuilder"), [{ name: "worker.js", code: builds.rebuilder.code }]),
  ];
}

/** As many versions as it takes to have enough pages that nobody has asked for. @returns how many */
async function publish(db: Db, agents: number): Promise<number> {
  const versions = Math.min(MAX_VERSIONS, Math.ceil(COLD_PAGES / Math.ceil(agents / PAGE)) + 1);
  for (let version = 1; version <= versions; version++) {
    await db.batch(compilePublication(db, version, Date.now()));
  }
  return versions;
}

function listColdPaths(agents: number, versions: number): string[] {
  const paths: string[] = [];
  for (let offset = 0; offset + PAGE <= agents; offset += PAGE) {
    for (let version = 1; version < versions; version++) {
      paths.push(`/api/dashboard?limit=${PAGE}&offset=${offset}&version=${version}`);
    }
  }
  return paths.slice(0, COLD_PAGES);
}

/** The whole ranking as the product serves it. */
async function readBoard(origin: string): Promise<ServedBoard> {
  const agents: ServedPage["agents"][number][] = [];
  let template: ServedPage | undefined;
  for (let hasMore = true; hasMore; ) {
    const page: ServedPage = JSON.parse(await readPage(origin, `/api/dashboard?limit=500&offset=${agents.length}`));
    template ??= { ...page, agents: [] };
    agents.push(...page.agents);
    hasMore = page.pagination.hasMore;
  }
  if (!template) throw new Error("a board has at least one page");
  return { template, agents };
}

export async function readPage(origin: string, path: string, worker = PRODUCT): Promise<string> {
  const response = await fetch(origin + path, { headers: toRoute(worker) });
  const body = await response.text();
  if (response.status !== 200)
    throw new Error(`${worker} answered ${path} with ${response.status}: ${body.slice(0, 300)}`);
  return body;
}

/** Sends a request at miniflare's front to one of its Workers. */
export function toRoute(worker: string): Record<string, string> {
  return { "MF-Route-Override": worker };
}
