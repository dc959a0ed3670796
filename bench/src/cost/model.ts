import { PRICE_LIST, type PriceList, toUsd } from "./price-list.ts";

/** What a month's bill depends on. */
export interface CostInput {
  agents: number;
  /** Between two ticks; absent = as the rebuilder chooses it for healthy upstreams. */
  intervalMs?: number;
  /** Balances of an agent, BTC, STX and sBTC among them. */
  tokensPerAgent: number;
  /** Of the balances asked about, so many had changed. */
  changeRate: number;
  /** Requests of readers that reach the Worker, a month. */
  reads: number;
  /** An upstream's answer. */
  latencyMs: number;
}

export interface Rows {
  read: number;
  written: number;
}

/** What a month takes, and what that costs. */
export interface MonthlyCost {
  intervalMs: number;
  ticks: number;
  /** How long until every agent was asked once. */
  rotationMs: number;
  /** Of one tick, until its commit is in. */
  tickMs: number;
  upstreamCalls: number;
  d1: Rows;
  objectRowsWritten: number;
  objectRequests: number;
  objectGbSeconds: number;
  workerRequests: number;
  workerCpuMs: number;
  kvReads: number;
  usd: number;
}

const MONTH_MS = 30 * 86_400_000;

// The rebuilder's own figures, as its wrangler file and its interval rule have them.
const CHUNK = 100;
const ACTIVE_MS = 120_000;
const ROTATION_TARGET_MS = 600_000;
const MIN_INTERVAL_MS = 30_000;
const ROSTER_MAX_AGE_MS = 600_000;
const CONNECTIONS = 6;

/** An agent is asked about on both chains; prices take a few calls a tick more. */
const CALLS_AN_AGENT = 2;
const PRICE_CALLS = 4;

/** Two crons every five minutes wake the object; the API's own reach it through the service binding. */
const CRON_CALLS = (2 * MONTH_MS) / 300_000;

/** An object is billed for 128 MB while it waits. */
const OBJECT_GB = 0.128;

/** The alarm set twice, the attempt, the state, and what is told afterwards. */
const OBJECT_ROWS_A_TICK = 5;

// Rows of a tick's own batch, as `bench cost` counts them on real ticks.
const ROWS_PAGE = 100; // agents of one row of ranking_pages
const ROWS_INDEX = 1_000; // agents of one row of ranking_index
const FIXED_WRITES = 4; // the commit, the one that is pruned for it, freshness, prices
const WRITES_AN_AGENT = 1; // when and how it was last asked, both chains in one row
const FIXED_READS = 50;
const READS_AN_AGENT = 8; // the agent and its last answers, for the plan and again where answers are joined with them
const READS_A_BALANCE = 2.3;
const PUBLICATION_READS_AN_AGENT = 28;
const PUBLICATION_READS_A_BALANCE = 12; // valued, totalled, put in order and written out

/** Where publishing every tick would take longer than five seconds, it happens once a rotation. */
const MAX_AGENTS_TO_PUBLISH_EVERY_TICK = 150_000;

/** Milliseconds: a commit without a ranking, and a ranking's part in it for each agent. */
const COMMIT_MS = 100;
const PUBLICATION_MS_AN_AGENT = 0.03;

/** CPU of a request and of a tick. What a tick waits for is no CPU. */
const CPU_MS_A_READ = 1.5;
const CPU_MS_A_TICK = 250;

/** Of a page at any depth, with nothing remembered by the isolate: the worst case, which is what is assumed. */
const ROWS_A_READ = 4;

/** What one tick asked, found and did. */
export interface TickWork {
  agents: number; // listed
  asked: number;
  tokensPerAgent: number;
  changedBalances: number;
  publishes: boolean;
}

/** The rows of one tick, pruning of what it replaces included. */
export function estimateTickRows({ agents, asked, tokensPerAgent, changedBalances, publishes }: TickWork): Rows {
  const ranking = 1 + Math.ceil(agents / ROWS_PAGE) + Math.ceil(agents / ROWS_INDEX);
  const perAgent = PUBLICATION_READS_AN_AGENT + PUBLICATION_READS_A_BALANCE * tokensPerAgent;
  return {
    // A version that comes is written once, and deleted once when it goes.
    written: FIXED_WRITES + asked * WRITES_AN_AGENT + changedBalances + (publishes ? 2 * ranking : 0),
    read:
      FIXED_READS +
      asked * (READS_AN_AGENT + READS_A_BALANCE * tokensPerAgent) +
      (publishes ? agents * perAgent + 2 * ranking : 0),
  };
}

/** The interval of healthy upstreams: every agent within ten minutes, as far as upstreams may be asked so often. */
export function toIntervalMs(agents: number): number {
  const ticks = toTicksOfRotation(agents);
  return Math.min(ACTIVE_MS, Math.max(MIN_INTERVAL_MS, Math.floor(ROTATION_TARGET_MS / ticks)));
}

function toTicksOfRotation(agents: number): number {
  return Math.max(1, Math.ceil(agents / CHUNK));
}

/** A month of thirty days in which nothing fails. */
export function estimateMonth(input: CostInput, prices: PriceList = PRICE_LIST): MonthlyCost {
  const { agents, tokensPerAgent, changeRate, reads, latencyMs } = input;
  const intervalMs = input.intervalMs ?? toIntervalMs(agents);
  const ticks = MONTH_MS / intervalMs;
  const asked = agents / toTicksOfRotation(agents);
  const calls = asked * CALLS_AN_AGENT + PRICE_CALLS;
  const everyTick = agents <= MAX_AGENTS_TO_PUBLISH_EVERY_TICK;
  const publications = everyTick ? ticks : ticks / toTicksOfRotation(agents);
  const work = { agents, asked, tokensPerAgent, changedBalances: asked * tokensPerAgent * changeRate };
  const quiet = estimateTickRows({ ...work, publishes: false });
  const publishing = estimateTickRows({ ...work, publishes: true });
  const tickMs =
    Math.ceil(calls / CONNECTIONS) * latencyMs + COMMIT_MS + (everyTick ? agents * PUBLICATION_MS_AN_AGENT : 0);
  const sum = (rows: "read" | "written") => publishing[rows] * publications + quiet[rows] * (ticks - publications);
  const month = {
    d1: { read: sum("read") + reads * ROWS_A_READ, written: sum("written") },
    objectRowsWritten: ticks * OBJECT_ROWS_A_TICK,
    objectRequests: ticks + CRON_CALLS,
    objectGbSeconds: (ticks * tickMs * OBJECT_GB) / 1_000,
    workerRequests: reads + CRON_CALLS,
    workerCpuMs: reads * CPU_MS_A_READ + ticks * CPU_MS_A_TICK,
    kvReads: MONTH_MS / ROSTER_MAX_AGE_MS,
  };
  const rotationMs = toTicksOfRotation(agents) * intervalMs;
  return { intervalMs, ticks, rotationMs, tickMs, upstreamCalls: ticks * calls, ...month, usd: toBill(month, prices) };
}

type Used = Pick<
  MonthlyCost,
  "d1" | "objectRowsWritten" | "objectRequests" | "objectGbSeconds" | "workerRequests" | "workerCpuMs" | "kvReads"
>;

function toBill(used: Used, prices: PriceList): number {
  return (
    prices.baseUsd +
    toUsd(used.workerRequests, prices.workerRequests) +
    toUsd(used.workerCpuMs, prices.workerCpuMs) +
    toUsd(used.objectRequests, prices.objectRequests) +
    toUsd(used.objectGbSeconds, prices.objectGbSeconds) +
    toUsd(used.objectRowsWritten, prices.objectRowsWritten) +
    toUsd(used.d1.read, prices.d1RowsRead) +
    toUsd(used.d1.written, prices.d1RowsWritten) +
    toUsd(used.kvReads, prices.kvReads)
  );
}
