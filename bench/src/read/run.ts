import { type LoadGenerator, startLoadGenerator } from "../load/load.ts";
import type { BenchOptions } from "../options.ts";
import { findRedisVersion, type RedisPeer, startRedisPeer } from "../peers/redis.ts";
import type { Progress } from "../progress.ts";
import { buildWorker } from "../rig/build.ts";
import { type Board, COUNTED, PEERS, readPage, startBoard, toRoute } from "./board.ts";
import { judgeClaims } from "./claims.ts";
import { measureCold, measureWarm } from "./measure.ts";
import { type BoardResult, type D1Cost, type ReadResult, toBoardResult } from "./result.ts";
import { assertSameAnswers, listSubjects } from "./subjects.ts";

/** The version of redis-server when it took part. */
export type ReadRun = ReadResult & { redis: string | null };

export async function runRead(options: BenchOptions, progress: Progress): Promise<ReadRun> {
  progress("building both Workers");
  const builds = { api: await buildWorker("api"), rebuilder: await buildWorker("rebuilder") };
  const version = findRedisVersion();
  if (version === undefined) progress("redis-server is not installed: the Redis design is skipped");
  const redis = version === undefined ? undefined : await startRedisPeer(version);
  const load = startLoadGenerator();
  try {
    const boards: BoardResult[] = [];
    for (const agents of options.readSizes) {
      progress(`read, ${agents} agents`);
      const board = await startBoard(builds, agents, redis, progress);
      try {
        boards.push(await measureBoard(board, load, redis, options, progress));
      } finally {
        await board.stack.close();
      }
    }
    return { boards, claims: judgeClaims(boards), redis: version ?? null };
  } finally {
    load.close();
    await redis?.close();
  }
}

async function measureBoard(
  board: Board,
  load: LoadGenerator,
  redis: RedisPeer | undefined,
  options: BenchOptions,
  progress: Progress,
): Promise<BoardResult> {
  await assertSameAnswers(board, redis);
  if (!board.hasSnapshot) {
    progress(`  the KV design has no answer: ${board.snapshotBytes} bytes are more than KV takes as one value`);
  }
  const subjects = await listSubjects(board, redis);
  const page = subjects.find(({ id }) => id === "page");
  const pageBytes = page ? Buffer.byteLength(await readPage(page.origin, page.path)) : 0;
  const d1 = await countD1Use(board, subjects);
  const warm = await measureWarm(subjects, load, options, progress);
  const cold = await measureCold(board, load, options, progress);
  return toBoardResult({ agents: board.agents, pageBytes, snapshotBytes: board.snapshotBytes, d1 }, warm, cold);
}

/** What one request asks of D1: the first of an isolate, and one that comes right after it. */
async function countD1Use(board: Board, subjects: Awaited<ReturnType<typeof listSubjects>>): Promise<D1Cost[]> {
  const ask = async (what: string, path: string, headers: Record<string, string>): Promise<D1Cost> => {
    const response = await fetch(board.stack.origin() + path, { headers: { ...headers, ...toRoute(COUNTED) } });
    await response.arrayBuffer();
    const use: Omit<D1Cost, "what"> = JSON.parse(response.headers.get("x-d1-use") ?? "{}");
    return { what, roundTrips: use.roundTrips, statements: use.statements, rowsRead: use.rowsRead };
  };
  const costs: D1Cost[] = [];
  for (const { id, path, headers } of subjects) {
    if (!["page", "middle", "agent", "search", "unchanged", "html"].includes(id)) continue;
    const own = "if-none-match" in headers ? { "if-none-match": headers["if-none-match"] ?? "" } : {};
    if (costs.length > 0) await sleepPastMemory();
    costs.push(await ask(`${id}, first`, path, own), await ask(`${id}, again`, path, own));
  }
  const window = await fetch(`${board.stack.origin()}/api/dashboard?limit=100&offset=0`, {
    headers: toRoute(PEERS.sql),
  });
  await window.arrayBuffer();
  const rowsRead = Number(window.headers.get("x-rows-read"));
  return [...costs, { what: "SQL window at read time", roundTrips: 1, statements: 2, rowsRead }];
}

/** The newest version is remembered for a second: a first request is one that comes later. */
function sleepPastMemory(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_200));
}
