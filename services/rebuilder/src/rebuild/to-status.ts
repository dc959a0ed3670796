import { type Clock, HOST_NAMES, type HostName, toRunOutAt, toUseNow } from "@standings/balances";
import {
  type AcceptedPrice,
  createDb,
  findNewestPublication,
  getLastGoodPrices,
  getRowCounts,
  type Publication,
  type RowCounts,
} from "@standings/db";
import type { RebuilderStatus, UpstreamStatus } from "../contract/status.ts";
import type { Config } from "../env.ts";
import { withDeadline } from "../tick/deadline.ts";
import { SOURCE_HOSTS } from "../tick/fetch.ts";
import { STORE_CALL_TIMEOUT_MS } from "../tick/store.ts";
import { type Control, isPaused, type RebuildState, type Unfinished } from "./state.ts";

export interface StatusInput {
  state: RebuildState;
  control: Control;
  unfinished: Unfinished;
  config: Config | null; // null = see configProblem
  configProblem: string | null;
  alarmAt: number | null;
  isRunning: boolean;
  nowMs: number;
}

export interface DatabaseStatus {
  rowCounts: RowCounts;
  publication: Publication | undefined;
  prices: AcceptedPrice[];
}

/** What the database adds to the status; null when it does not answer, which is when status is needed most. */
export async function readDatabaseStatus(d1: D1Database, clock: Clock): Promise<DatabaseStatus | null> {
  const db = createDb(d1);
  try {
    const reads = Promise.all([getRowCounts(db), findNewestPublication(db), getLastGoodPrices(db)]);
    const [rowCounts, publication, prices] = await withDeadline(
      clock,
      "the database (status)",
      STORE_CALL_TIMEOUT_MS,
      reads,
    );
    return { rowCounts, publication, prices };
  } catch {
    return null; // shown as rowCounts: null; the ticks in the same status say what the database answers
  }
}

export function toStatus(input: StatusInput, database: DatabaseStatus | null): RebuilderStatus {
  const { state, control, config, alarmAt, nowMs } = input;
  const { rotation } = state;
  const ageSeconds = (at: number) => Math.max(0, Math.floor((nowMs - at) / 1_000));
  const ticksLeft = Math.ceil(Math.max(0, rotation.total - rotation.processed) / (config?.chunkSize ?? 1));
  const publication = database?.publication;
  return {
    state: input.isRunning ? "running" : isPaused(control, nowMs) ? "paused" : "idle",
    now: nowMs,
    paused: isPaused(control, nowMs) ? control.paused : null,
    alarmAt,
    alarmOverdueMs: alarmAt === null ? 0 : Math.max(0, nowMs - alarmAt),
    watchdogRearms: control.watchdogRearms,
    intervalMs: state.interval.ms,
    intervalReason: state.interval.reason,
    next: toNext(input),
    rotation: {
      number: rotation.number,
      startedAt: rotation.startedAt,
      processed: rotation.processed,
      total: rotation.total,
      percent: rotation.total === 0 ? 0 : Math.round((rotation.processed / rotation.total) * 1_000) / 10,
      etaMs: rotation.open ? ticksLeft * state.interval.ms : null,
    },
    cursor: state.cursor,
    epoch: state.epoch,
    lastTick: state.ticks[0] ?? null,
    ticks: state.ticks,
    upstreams: Object.fromEntries(HOST_NAMES.map((host) => [host, toUpstreamStatus(host, input)])),
    hiroApi: state.hiro,
    prices: Object.fromEntries(
      (database?.prices ?? []).map(({ tokenId, priceUsd, pricedAt, source }) => [
        tokenId,
        { priceUsd, source, pricedAt, ageSeconds: ageSeconds(pricedAt), held: state.heldPrices[tokenId] ?? null },
      ]),
    ),
    roster: {
      ...state.roster,
      ageSeconds: state.roster.acceptedAt === null ? null : ageSeconds(state.roster.acceptedAt),
    },
    publication: publication
      ? {
          version: publication.version,
          publishedAt: publication.published_at,
          ageSeconds: ageSeconds(publication.published_at),
          agents: publication.agents,
          partial: publication.partial,
          pending: publication.pending,
          coveragePercent: toPercent(publication.agents, publication.agents + publication.pending),
        }
      : null,
    quarantines: state.quarantines.map((quarantine) => ({
      ...quarantine,
      host: SOURCE_HOSTS[quarantine.source],
      release: `if these balances really fell, accept ${quarantine.id}; if not, it ends by itself when the host answers as before`,
    })),
    configProblem: input.configProblem,
    consecutiveFailures: state.failedCommits,
    unfinishedTicks: input.isRunning ? 0 : input.unfinished.count,
    counters: state.counters,
    rowCounts: database?.rowCounts ?? null,
  };
}

function toNext({ state, control, alarmAt, isRunning, nowMs, configProblem }: StatusInput): RebuilderStatus["next"] {
  if (isRunning) return { what: "the running tick commits", at: null };
  if (configProblem) return { what: "nothing until the configuration is mended", at: alarmAt };
  if (isPaused(control, nowMs)) return { what: "nothing until the pause ends", at: control.paused?.until ?? null };
  const place =
    state.cursor === "" || control.resets !== state.resetsSeen
      ? "a new rotation begins"
      : `the tick after ${state.cursor} begins`;
  return { what: place, at: alarmAt };
}

function toUpstreamStatus(host: HostName, { state: rebuild, config, nowMs }: StatusInput): UpstreamStatus {
  const state = rebuild.hosts[host];
  const counts = rebuild.hostCounts[host];
  const budget = config?.monthlyBudgets[host] ?? 0;
  const callsPerTick = counts ? counts.ok + counts.failed + counts.rateLimited : 0;
  const rate = { callsPerTick, intervalMs: rebuild.interval.ms };
  return {
    baseUrl: config?.baseUrls[host] ?? "",
    ok: counts?.ok ?? 0,
    failed: counts?.failed ?? 0,
    rateLimited: counts?.rateLimited ?? 0,
    p50Ms: toMedian(counts?.latenciesMs ?? []),
    breaker: state?.breaker ?? "closed",
    openSince: state?.openSince ?? null,
    notBefore: state?.notBefore ?? null,
    lastError: state?.lastError ?? null,
    quota: state?.quota ?? {},
    deprecationSeen: state?.deprecationSeen ?? null,
    monthlyBudget: budget,
    monthlyCalls: toUseNow(state?.use, nowMs).calls,
    runsOutAt: toRunOutAt(state?.use, budget, rate, nowMs),
  };
}

function toMedian(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function toPercent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1_000) / 10;
}
