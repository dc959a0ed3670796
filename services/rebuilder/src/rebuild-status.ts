import { type Clock, HOST_NAMES, type HostName } from "@standings/balances";
import {
  type AcceptedPrice,
  createDb,
  findNewestPublication,
  getLastGoodPrices,
  getRowCounts,
  type Publication,
  type RowCounts,
} from "@standings/db";
import { withDeadline } from "./deadline.ts";
import type { Config } from "./env.ts";
import { type Control, isPaused, type RebuildState } from "./rebuild-state.ts";
import type { RebuilderStatus, UpstreamStatus } from "./status.ts";
import { STORE_CALL_TIMEOUT_MS } from "./store.ts";

export interface StatusInput {
  state: RebuildState;
  control: Control;
  config: Config;
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
  const ticksLeft = Math.ceil(Math.max(0, rotation.total - rotation.processed) / config.chunkSize);
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
    upstreams: Object.fromEntries(HOST_NAMES.map((host) => [host, toUpstreamStatus(host, state, config)])),
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
    consecutiveFailures: state.failedCommits,
    rowCounts: database?.rowCounts ?? null,
  };
}

function toUpstreamStatus(host: HostName, { hosts, hostCounts }: RebuildState, { baseUrls }: Config): UpstreamStatus {
  const state = hosts[host];
  const counts = hostCounts[host];
  return {
    baseUrl: baseUrls[host],
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
  };
}

function toMedian(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

function toPercent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1_000) / 10;
}
