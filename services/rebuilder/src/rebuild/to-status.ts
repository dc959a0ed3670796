import { HOST_NAMES, type HostName, LANES, type Lane, toBudgetHost, toRunOutAt, toUseNow } from "@standings/balances";
import type { Publication } from "@standings/db";
import type { Config } from "../config.ts";
import { type Freshness, type FreshnessRow, freshnessFacts } from "../contract/freshness.ts";
import type { RebuilderStatus, UpstreamStatus } from "../contract/status.ts";
import { describeHold } from "../safeguards/describe-hold.ts";
import { judgeFreshness, toUnreachable } from "../safeguards/freshness.ts";
import { LANE_HOSTS, planChunkSize, toEvenChunk } from "../tick/chunk.ts";
import { toFactsNow } from "../tick/facts.ts";
import { NEW_LANE_PLACE } from "../tick/lanes.ts";
import { isPaused, type Memory } from "../tick/memory.ts";
import { describeError } from "../tick/tick.ts";
import type { DatabaseStatus, NewestRead } from "./database-status.ts";
import type { RebuildDeps } from "./deps.ts";
import type { LoadedMemory } from "./memory.ts";

export interface StatusInput extends LoadedMemory {
  deps: Pick<RebuildDeps, "clock" | "getConfig">;
  alarmAt: number | null;
  isRunning: boolean;
}

/** The age of the data as readers are told it: by what D1 says, and by this object's memory where D1 has no facts yet. */
export function judgeNow(
  memory: Pick<Memory, "state" | "control">,
  { clock, getConfig }: Pick<RebuildDeps, "clock" | "getConfig">,
  newest: NewestRead | null,
): Freshness {
  const nowMs = clock.now();
  if (newest === null) return toUnreachable(nowMs);
  const { publication, freshness } = newest;
  const own = toOwnFacts(memory, getConfig, nowMs);
  const row: FreshnessRow | null = freshness
    ? { ...freshness, facts: own ?? freshnessFacts.safeParse(freshness.facts).data ?? null }
    : null;
  return judgeFreshness({
    publication: publication
      ? {
          version: publication.version,
          publishedAt: publication.published_at,
          staleAfter: publication.stale_after,
          agents: publication.agents,
        }
      : null,
    freshness: row,
    nowMs,
  });
}

function toOwnFacts(memory: Pick<Memory, "state" | "control">, getConfig: () => Config, nowMs: number) {
  if (memory.state.journal.committedAt === null) return undefined;
  try {
    return toFactsNow(memory, getConfig(), { nowMs, alarmAt: null });
  } catch {
    return undefined; // a broken configuration says so in the status
  }
}

export function toStatus(input: StatusInput, database: DatabaseStatus | null): RebuilderStatus {
  const { state, control, crashes, deps, alarmAt, isRunning } = input;
  const nowMs = deps.clock.now();
  const { config, configProblem } = readConfig(deps);
  const { journal } = state;
  const publication = database?.publication;
  return {
    state: isRunning ? "running" : isPaused(control, nowMs) ? "paused" : "idle",
    now: nowMs,
    freshness: judgeNow(input, deps, database),
    paused: isPaused(control, nowMs) ? control.paused : null,
    alarmAt,
    alarmOverdueMs: alarmAt === null ? 0 : Math.max(0, nowMs - alarmAt),
    watchdogRearms: control.watchdogRearms,
    intervalMs: journal.interval.ms,
    intervalReason: journal.interval.reason,
    next: toNext(input, nowMs, configProblem),
    lanes: { stacks: toLane("stacks", input, config, nowMs), bitcoin: toLane("bitcoin", input, config, nowMs) },
    holds: state.holds.map((hold) => {
      const { id, kind, since, seen } = hold;
      return { id, kind, since, seen, ...describeHold(hold) };
    }),
    epoch: state.epoch,
    lastTick: journal.ticks[0] ?? null,
    ticks: journal.ticks,
    upstreams: Object.fromEntries(HOST_NAMES.map((host) => [host, toUpstream(host, input, config, nowMs)])),
    hiroApi: state.upstreams.hiro,
    prices: toPrices(input, database, nowMs),
    roster: toRoster(input, nowMs),
    publication: publication ? toPublicationStatus(publication, nowMs) : null,
    publishing: {
      mode: journal.publishing.mode,
      since: journal.publishing.since,
      problem: journal.publishing.problem ?? journal.waitingFor,
    },
    configProblem,
    stateProblem: input.problems.length === 0 ? null : `not readable and begun anew: ${input.problems.join(", ")}`,
    consecutiveFailures: journal.failedCommits,
    crashes: { count: isRunning ? 0 : toCrashCount(crashes), passedOver: crashes.passedOver },
    counters: journal.counters,
    rowCounts: database?.rowCounts ?? null,
  };
}

function readConfig({ getConfig }: Pick<RebuildDeps, "getConfig">) {
  try {
    return { config: getConfig(), configProblem: null };
  } catch (error) {
    return { config: null, configProblem: describeError(error) };
  }
}

function toCrashCount({ running, count }: Memory["crashes"]): number {
  return running === null ? 0 : count + 1;
}

function toNext({ state, control, alarmAt, isRunning }: StatusInput, nowMs: number, configProblem: string | null) {
  if (isRunning) return { what: "the running tick commits", at: null };
  if (configProblem) return { what: "nothing until the configuration is mended", at: alarmAt };
  if (isPaused(control, nowMs)) return { what: "nothing until the pause ends", at: control.paused?.until ?? null };
  const isBetween = state.place === null || control.resets !== state.place.resets;
  const begins = isBetween || LANES.every((lane) => !state.place?.[lane].isOpen);
  return { what: begins ? "a new rotation begins" : "the next agents of both lanes are asked", at: alarmAt };
}

function toLane(lane: Lane, { state }: StatusInput, config: Config | null, nowMs: number) {
  const memory = state.lanes[lane];
  const { rotation, startedAt, processed, total, cursor, isOpen } = state.place?.[lane] ?? NEW_LANE_PLACE;
  const agents = state.place?.agents ?? 0;
  const chunkSize = config ? toEvenChunk(agents, planChunkSize({ ...config, hiro: state.upstreams.hiro.version })) : 1;
  const ticksLeft = Math.ceil(Math.max(0, total - processed) / chunkSize);
  const gate = state.upstreams.hosts[LANE_HOSTS[lane]]?.notBefore ?? null;
  const waits = memory.waited > 0 ? "the other lane, to ask the same agents" : null;
  return {
    health: memory.health,
    since: memory.since,
    until: memory.until,
    why: memory.why,
    waitsFor: gate !== null && gate > nowMs ? `its host's gate, until ${new Date(gate).toISOString()}` : waits,
    rotation,
    startedAt,
    processed,
    total,
    percent: total === 0 ? 0 : Math.round((processed / total) * 1_000) / 10,
    etaMs: isOpen ? ticksLeft * state.journal.interval.ms : null,
    cursor,
    goodAt: memory.goodAt,
  };
}

function toUpstream(host: HostName, { state }: StatusInput, config: Config | null, nowMs: number): UpstreamStatus {
  const { hosts, counts } = state.upstreams;
  const known = hosts[host];
  const last = counts[host];
  const payer = toBudgetHost(host);
  const use = hosts[payer]?.use ?? null;
  const budget = config?.monthlyBudgets[payer] ?? 0;
  const callsPerTick = last ? last.ok + last.failed + last.rateLimited : 0;
  const notBefore = known?.notBefore ?? null;
  return {
    baseUrl: config?.baseUrls[host] ?? "",
    ok: last?.ok ?? 0,
    failed: last?.failed ?? 0,
    rateLimited: last?.rateLimited ?? 0,
    p50Ms: toMedian(last?.latenciesMs ?? []),
    gate: notBefore !== null && notBefore > nowMs ? "closed" : "open",
    notBefore,
    lastError: known?.lastError?.what ?? null,
    lastErrorAt: known?.lastError?.at ?? null,
    quota: known?.quota ?? {},
    deprecationSeen: known?.deprecationSeen ?? null,
    monthlyBudget: budget,
    monthlyCalls: toUseNow(use, nowMs).calls,
    runsOutAt: toRunOutAt(use, budget, { callsPerTick, intervalMs: state.journal.interval.ms }, nowMs),
  };
}

function toPrices({ state }: StatusInput, database: DatabaseStatus | null, nowMs: number): RebuilderStatus["prices"] {
  const entries = (database?.prices ?? []).map(({ tokenId, priceUsd, pricedAt, source }) => {
    const price = {
      priceUsd,
      source,
      pricedAt,
      ageSeconds: toAgeSeconds(pricedAt, nowMs),
      confirmedBy: state.prices[tokenId]?.confirmedBy ?? ("unknown" as const),
      held: state.priceProblems[tokenId] ?? null,
    };
    return [tokenId, price] as const;
  });
  return Object.fromEntries(entries);
}

function toRoster({ state }: StatusInput, nowMs: number): RebuilderStatus["roster"] {
  const { sizes: _sizes, isRefused: _isRefused, ...roster } = state.roster;
  return { ...roster, ageSeconds: roster.acceptedAt === null ? null : toAgeSeconds(roster.acceptedAt, nowMs) };
}

function toPublicationStatus({ version, published_at, agents, partial, pending }: Publication, nowMs: number) {
  return {
    version,
    publishedAt: published_at,
    ageSeconds: toAgeSeconds(published_at, nowMs),
    agents,
    partial,
    pending,
    coveragePercent: agents + pending === 0 ? 0 : Math.round((agents / (agents + pending)) * 1_000) / 10,
  };
}

function toAgeSeconds(at: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - at) / 1_000));
}

function toMedian(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
