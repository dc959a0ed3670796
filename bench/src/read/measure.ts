import { setTimeout as delay } from "node:timers/promises";
import type { LoadResult } from "../load/job.ts";
import type { LoadGenerator } from "../load/load.ts";
import type { Progress } from "../progress.ts";
import { readCpuMs } from "../rig/processes.ts";
import { toRoundOrder } from "../stats.ts";
import { type Board, PEERS, PRODUCT, readPage, toRoute } from "./board.ts";
import type { Subject, SubjectId } from "./subjects.ts";

/** As many clients at once as keep a core busy without a queue that hides what an answer costs. */
const CONNECTIONS = 8;

/** Isolates compile what runs often: the first second or so is not measured. */
const WARM_UP_SECONDS = 1;

/** A design that needs seconds for an answer gets the time for a few rounds of its connections, within reason. */
const SLOW_ROUNDS = 4;
const MAX_SECONDS = 20;

/** What a measurement left unanswered is still worked on: the next one begins when servers use less than this. */
const QUIET_SHARE = 0.1;
const QUIET_LOOK_MS = 100;
const MAX_QUIET_LOOKS = 200;

export interface Sample extends LoadResult {
  /** CPU of all that works to answer, workerd's database included; null = this system does not say. */
  cpuMsPerRequest: number | null;
}

export type Samples = Partial<Record<SubjectId, Sample[]>>;

export interface MeasureOptions {
  rounds: number;
  seconds: number;
}

/** Every subject once a round, there and back. */
export async function measureWarm(
  subjects: readonly Subject[],
  load: LoadGenerator,
  { rounds, seconds }: MeasureOptions,
  progress: Progress,
): Promise<Samples> {
  const durations = new Map<SubjectId, number>();
  for (const subject of subjects) {
    const { p50Ms } = await run(subject, load, WARM_UP_SECONDS);
    durations.set(subject.id, toSeconds(p50Ms, seconds));
  }
  const samples: Samples = {};
  for (let round = 0; round < rounds; round++) {
    progress(`  round ${round + 1} of ${rounds}`);
    for (const subject of toRoundOrder(subjects, round)) {
      const sample = await run(subject, load, durations.get(subject.id) ?? seconds);
      const all = samples[subject.id] ?? [];
      samples[subject.id] = [...all, sample];
    }
  }
  return samples;
}

function toSeconds(p50Ms: number, seconds: number): number {
  return Math.min(MAX_SECONDS, Math.max(seconds, Math.ceil((p50Ms * SLOW_ROUNDS) / 1_000)));
}

/** Load for so long, and for longer while nothing at all was answered. Throws when nothing ever is. */
async function run(subject: Omit<Subject, "id">, load: LoadGenerator, seconds: number): Promise<Sample> {
  const { origin, path, headers, status, pids } = subject;
  const job = { url: origin + path, headers, connections: CONNECTIONS, expectedStatus: status };
  for (let length = seconds; ; length = Math.min(MAX_SECONDS, length * 2)) {
    const sample = await withCpu(pids, () => load.run({ ...job, seconds: length }));
    if (sample.requests > 0) return sample;
    if (length >= MAX_SECONDS) throw new Error(`${job.url} answered nothing in ${length} s`);
  }
}

async function waitUntilQuiet(pids: readonly number[]): Promise<void> {
  for (let look = 0; look < MAX_QUIET_LOOKS; look++) {
    const before = readCpuMs(pids);
    await delay(QUIET_LOOK_MS);
    const after = readCpuMs(pids);
    if (before === null || after === null || after - before < QUIET_LOOK_MS * QUIET_SHARE) return;
  }
}

async function withCpu(pids: readonly number[], measure: () => Promise<LoadResult>): Promise<Sample> {
  await waitUntilQuiet(pids);
  const before = readCpuMs(pids);
  const result = await measure();
  const after = readCpuMs(pids);
  const used = before === null || after === null || result.requests === 0 ? null : (after - before) / result.requests;
  return { ...result, cpuMsPerRequest: used };
}

export interface ColdSamples {
  page: Sample[];
  kv: Sample[];
  /** Of the first answer of new isolates. */
  firstMs: { page: number[]; kv: number[]; hello: number[] };
}

/**
 * Without memory: new isolates for each round, and every page (a version and an offset) asked for once, so that no answer
 * can come from what an isolate remembers. A share of the pages warms the compiler up and is not counted.
 */
export async function measureCold(
  board: Board,
  load: LoadGenerator,
  { rounds, seconds }: MeasureOptions,
  progress: Progress,
): Promise<ColdSamples> {
  const cold: ColdSamples = { page: [], kv: [], firstMs: { page: [], kv: [], hello: [] } };
  const warmUp = Math.floor(board.coldPaths.length / 4 / CONNECTIONS) * CONNECTIONS;
  const measured = Math.floor((board.coldPaths.length - warmUp) / CONNECTIONS) * CONNECTIONS;
  const runPages = async (from: number, count: number) => {
    const paths = board.coldPaths.slice(from, from + count);
    const job = {
      url: board.stack.origin(),
      headers: toRoute(PRODUCT),
      connections: CONNECTIONS,
      paths,
      expectedStatus: 200,
    };
    return withCpu(board.stack.pids(), () => load.run(job));
  };
  const runKv = (duration: number) => {
    const subject = { origin: board.stack.origin(), path: "/api/dashboard?limit=100&offset=0", status: 200 };
    return run({ ...subject, headers: toRoute(PEERS.kv), pids: board.stack.pids() }, load, duration);
  };
  const subjects = board.hasSnapshot ? (["page", "kv"] as const) : (["page"] as const);
  for (let round = 0; round < rounds; round++) {
    progress(`  without memory, round ${round + 1} of ${rounds}`);
    await board.stack.restart();
    for (const subject of toRoundOrder(["hello", ...subjects] as const, round)) {
      const worker = subject === "page" ? PRODUCT : PEERS[subject];
      cold.firstMs[subject].push(await timeFirst(board, worker));
    }
    for (const subject of toRoundOrder(subjects, round)) {
      if (subject === "page") {
        await runPages(0, warmUp);
        cold.page.push(await runPages(warmUp, measured));
      } else {
        const { p50Ms } = await runKv(WARM_UP_SECONDS);
        cold.kv.push(await runKv(toSeconds(p50Ms, seconds)));
      }
    }
  }
  return cold;
}

async function timeFirst(board: Board, worker: string): Promise<number> {
  const startedAt = performance.now();
  await readPage(board.stack.origin(), "/api/dashboard?limit=100&offset=0", worker);
  return performance.now() - startedAt;
}
