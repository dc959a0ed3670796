import { env } from "cloudflare:workers";
import type { z } from "@hono/zod-openapi";
import { toAgentWords } from "@standings/balances";
import type { FreshnessFacts, RebuilderApi, RebuilderStatus, TickReport } from "@standings/rebuilder/contract";
import { expect } from "vitest";
import { createApp } from "../src/app.ts";
import type { Env } from "../src/env.ts";
import { problemSchema } from "../src/http/problem.ts";
import type { ProblemCode } from "../src/http/problem-codes.ts";

export const TOKEN = "correct-horse-battery-staple";

/** Valid addresses, in the order that ties are broken in. */
export const STX = [
  "SP1VXAD00J0C0ZTCY0G34YPVC83DNRJWN5GH06VJB",
  "SP2C1WREHGM75C7TGFAEJPFKTFTEGZKF6DFT6E2GE",
  "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7",
] as const;
export const BTC = [
  "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
  "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
  "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
] as const;

export const PUBLISHED_AT = Date.parse("2026-11-22T14:02:10.000Z");

const app = createApp();

/** A request to the Worker's app in this isolate, with the environment changed where a test needs it. */
export function request(path: string, init: RequestInit = {}, changed: Partial<Env> = {}): Promise<Response> {
  return Promise.resolve(app.request(path, init, { ...env, ADMIN_TOKEN: TOKEN, ...changed }));
}

/** The body, which must be exactly what the public schema says: nothing missing, nothing beside. */
export async function readBody<Schema extends z.ZodType>(response: Response, schema: Schema): Promise<z.infer<Schema>> {
  const body = await response.json();
  expect(schema.parse(body)).toEqual(body);
  return body as z.infer<Schema>;
}

export async function expectProblem(response: Response, status: number, code: ProblemCode) {
  expect(response.status).toBe(status);
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  const body = await readBody(response, problemSchema);
  expect(body).toMatchObject({ type: `/problems/${code}`, status });
  expect(body.instance).toBe(response.headers.get("X-Request-Id"));
  return body;
}

export async function clearDatabase(): Promise<void> {
  const tables = [
    "agent_words",
    "agents",
    "balances",
    "fetches",
    "freshness",
    "operator_actions",
    "publications",
    "standings",
  ];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
}

export interface StandingSeed {
  stx: string;
  btc?: string;
  name?: string | null;
  bns?: string | null;
  total?: number; // micro-USD
  /** Without counted: as the first release froze them. */
  tokens?: {
    id: string;
    symbol: string;
    raw: string;
    decimals: number | null;
    usd: number | null;
    counted?: 0 | 1;
    reason?: string | null;
  }[];
  partial?: boolean;
}

export interface PublicationSeed {
  version?: number;
  publishedAt?: number;
  staleAfter?: number;
  prices?: Record<string, number>;
  pricedAt?: number | null;
  pending?: number;
}

/** Publishes agents in the order given, as the rebuilder would have frozen them. */
export async function publish(agents: readonly StandingSeed[], seed: PublicationSeed = {}): Promise<number> {
  const version = seed.version ?? 1;
  const publishedAt = seed.publishedAt ?? PUBLISHED_AT;
  const rows = agents.map((agent, index) => ({
    rank: index + 1,
    stx: agent.stx,
    btc: agent.btc ?? BTC[0],
    name: agent.name ?? null,
    bns: agent.bns ?? null,
    total: agent.total ?? 0,
    tokens: JSON.stringify(agent.tokens ?? []),
    partial: agent.partial ? 1 : 0,
  }));
  const words = rows.flatMap((row) => {
    const agent = { stxAddress: row.stx, btcAddress: row.btc, displayName: row.name, bnsName: row.bns };
    return toAgentWords(agent).map((word) => [word, row.stx]);
  });
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  const partial = rows.reduce((sum, row) => sum + row.partial, 0);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO standings SELECT ?1, value ->> 'rank', value ->> 'stx', value ->> 'btc', value ->> 'name',
         value ->> 'bns', 2, 'Genesis', value ->> 'total', value ->> 'tokens', value ->> 'partial', ?2
       FROM json_each(?3)`,
    ).bind(version, publishedAt - 60_000, JSON.stringify(rows)),
    env.DB.prepare(
      `INSERT INTO agent_words SELECT value ->> 0, value ->> 1, ?1, ?1 + 1 FROM json_each(?2) WHERE true
       ON CONFLICT DO NOTHING`,
    ).bind(version, JSON.stringify(words)),
    env.DB.prepare("INSERT INTO publications VALUES (?1, ?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)").bind(
      version,
      publishedAt,
      seed.staleAfter ?? publishedAt + 1_800_000,
      JSON.stringify(seed.prices ?? { "btc-l1": 100_000, stx: 0.85, sbtc: 100_000 }),
      seed.pricedAt === undefined ? publishedAt - 30_000 : seed.pricedAt,
      rows.length,
      total,
      partial,
      seed.pending ?? 0,
    ),
  ]);
  return version;
}

/** As many agents as asked for, richest first. Their addresses are in order, but have no valid checksum. */
export function crowd(size: number): StandingSeed[] {
  return Array.from({ length: size }, (_, index) => ({
    stx: `SP${String(index).padStart(39, "0")}`,
    total: (size - index) * 1_000_000,
  }));
}

export async function prune(version: number): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("DELETE FROM standings WHERE version = ?").bind(version),
    env.DB.prepare("DELETE FROM publications WHERE version = ?").bind(version),
    env.DB.prepare("DELETE FROM agent_words WHERE from_version = ?").bind(version),
  ]);
}

export async function list(stx: string, btc: string = BTC[0], name: string | null = null): Promise<void> {
  await env.DB.prepare(`INSERT INTO agents (stx_address, btc_address, display_name, bns_name, level, level_name, listed_at)
     VALUES (?, ?, ?, NULL, 1, 'Registered', ?)`)
    .bind(stx, btc, name, PUBLISHED_AT)
    .run();
}

/** The same database, with every statement and the rows it read on record, and a hook before each batch. */
export function observe(beforeBatch: () => Promise<void> = async () => {}) {
  const statements: string[] = [];
  const seen = { statements, rowsRead: 0 };
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const count = <T extends { meta: { rows_read?: number } }>(result: T): T => {
    seen.rowsRead += result.meta.rows_read ?? 0;
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => count(await statement.all()),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, statement);
    return wrapped;
  };
  const DB = {
    prepare(sql: string) {
      statements.push(sql);
      return wrap(env.DB.prepare(sql));
    },
    async batch(batch: D1PreparedStatement[]) {
      await beforeBatch();
      return (await env.DB.batch(batch.map((statement) => originals.get(statement) ?? statement))).map(count);
    },
  } as unknown as D1Database;
  return { DB, seen };
}

/** A rebuilder whose every call fails as an unreachable binding does, except those given. */
export function rebuilder(calls: Partial<RebuilderApi> = {}): RebuilderApi {
  const unreachable = async () => {
    throw new Error("SECRET cause: the binding is not connected");
  };
  return {
    status: unreachable,
    tick: unreachable,
    pause: unreachable,
    resume: unreachable,
    reset: unreachable,
    accept: unreachable,
    ensureAlarm: unreachable,
    ...calls,
  };
}

export function tickReport(changed: Partial<TickReport> = {}): TickReport {
  const lane = { rotation: 3, asked: 100, failed: 0, cursorBefore: "", cursorAfter: STX[0] };
  return {
    tickId: "t-7",
    trigger: "alarm",
    startedAt: PUBLISHED_AT - 4_000,
    durationMs: 4_000,
    epoch: 12,
    version: 12,
    agents: 100,
    failed: 1,
    notAttempted: 0,
    lanes: { stacks: lane, bitcoin: { ...lane, failed: 1 } },
    calls: 201,
    failedCalls: 1,
    subrequests: 209,
    rowsRead: 500,
    rowsWritten: 900,
    outcome: "committed",
    error: null,
    notes: [],
    nextIntervalMs: 120_000,
    ...changed,
  };
}

export function lane(changed: Partial<RebuilderStatus["lanes"]["stacks"]> = {}): RebuilderStatus["lanes"]["stacks"] {
  return {
    health: "well",
    since: PUBLISHED_AT - 600_000,
    until: null,
    why: null,
    waitsFor: null,
    rotation: 3,
    startedAt: PUBLISHED_AT - 4_000,
    processed: 100,
    total: 430,
    percent: 23.3,
    etaMs: 480_000,
    cursor: STX[0],
    goodAt: PUBLISHED_AT - 1_000,
    ...changed,
  };
}

function hold(changed: Partial<RebuilderStatus["holds"][number]> = {}): RebuilderStatus["holds"][number] {
  return {
    id: "fall-stx-3",
    kind: "fall",
    subject: "stx",
    detail: "60 of 100 agents lost all their stx",
    since: PUBLISHED_AT,
    seen: PUBLISHED_AT,
    release: "accept when it is true",
    ...changed,
  };
}

const hiro: RebuilderStatus["upstreams"][string] = {
  baseUrl: "https://api.hiro.so",
  ok: 99,
  failed: 1,
  rateLimited: 0,
  p50Ms: 120,
  gate: "open",
  notBefore: PUBLISHED_AT + 1_000,
  lastError: "http-503",
  lastErrorAt: PUBLISHED_AT - 2_000,
  quota: { "x-ratelimit-remaining-stacks-minute": "480" },
  deprecationSeen: null,
  monthlyBudget: 150_000,
  monthlyCalls: 9_000,
  runsOutAt: PUBLISHED_AT + 86_400_000,
};

export function status(changed: Partial<RebuilderStatus> = {}): RebuilderStatus {
  return {
    state: "idle",
    now: PUBLISHED_AT,
    freshness: {
      status: "degraded",
      since: PUBLISHED_AT,
      reasons: [
        {
          code: "hold",
          subject: "fall-stx-3",
          since: PUBLISHED_AT,
          why: "60 of 100 agents lost all their stx",
          action: { command: "accept --id fall-stx-3", when: "if it is true" },
        },
      ],
    },
    paused: null,
    alarmAt: PUBLISHED_AT + 120_000,
    alarmOverdueMs: 0,
    watchdogRearms: 0,
    intervalMs: 120_000,
    intervalReason: "upstreams are healthy",
    next: { what: "the next chunk", at: PUBLISHED_AT + 120_000 },
    lanes: { stacks: lane(), bitcoin: lane() },
    holds: [hold()],
    epoch: 12,
    lastTick: tickReport(),
    ticks: [tickReport()],
    upstreams: { hiro },
    hiroApi: { version: "v1", since: PUBLISHED_AT },
    prices: {
      stx: {
        priceUsd: 0.85,
        source: "coingecko",
        pricedAt: PUBLISHED_AT,
        ageSeconds: 4,
        confirmedBy: "second-source",
        held: null,
      },
    },
    roster: {
      source: "kv",
      readAt: PUBLISHED_AT,
      acceptedAt: PUBLISHED_AT,
      ageSeconds: 0,
      accepted: 430,
      rejected: { "missing-field": 2 },
      rejectedExamples: [{ entry: "4: without an stxAddress", reason: "missing-field" }],
      sharedBtcAddresses: 1,
      problem: null,
    },
    publication: {
      version: 12,
      publishedAt: PUBLISHED_AT,
      ageSeconds: 0,
      agents: 430,
      partial: 1,
      pending: 0,
      coveragePercent: 100,
    },
    publishing: { mode: "with-commit", since: null, problem: null },
    configProblem: null,
    stateProblem: null,
    consecutiveFailures: 0,
    crashes: { count: 0, passedOver: [{ lane: "stacks", address: STX[1], until: PUBLISHED_AT + 3_600_000 }] },
    counters: {
      ticks: { committed: 12 },
      calls: { hiro: { ok: 1_100, failed: 4, rateLimited: 0 } },
      agents: 1_200,
      agentsFailed: 4,
      tickMs: 48_000,
    },
    rowCounts: {
      agents: 430,
      tokens: 9,
      fetches: 430,
      tickCommits: 12,
      publications: 2,
      balances: 1_800,
      standings: 860,
      agentsCovered: 430,
      agentsRanked: 430,
      oldestGoodAt: PUBLISHED_AT - 600_000,
    },
    ...changed,
  };
}

/** What a rebuilder in good order would have written, as of now. */
export function facts(changed: Partial<FreshnessFacts> = {}): FreshnessFacts {
  const now = Date.now();
  const well = { health: "well" as const, since: now - 3_600_000, until: null, why: null, goodAt: now - 20_000 };
  return {
    tickAt: now - 20_000,
    nextTickAt: now + 100_000,
    agents: 430,
    lanes: { stacks: well, bitcoin: well },
    prices: { "btc-l1": now - 30_000, stx: now - 30_000, sbtc: now - 30_000 },
    holds: [],
    paused: null,
    rotationMs: 600_000,
    budgetRotationMs: 600_000,
    startedAt: now - 86_400_000,
    waitingFor: null,
    ...changed,
  };
}

export interface FreshnessSeed {
  facts?: unknown;
  ranked?: number;
  halfAt?: number; // of the Stacks lane
  tenthAt?: number; // of the Stacks lane
  failed?: number; // on the Bitcoin lane
}

/** Writes the row of freshness as a tick would have. */
export async function writeFreshness(seed: FreshnessSeed = {}): Promise<void> {
  const now = Date.now();
  const { ranked = 430, halfAt = now - 240_000, tenthAt = now - 420_000, failed = 0 } = seed;
  await env.DB.prepare(`INSERT OR REPLACE INTO freshness VALUES (1, ?1, ?2, ?3, ?1, ?4, ?5, 0, ?6, ?6, ?7)`)
    .bind(now - 20_000, JSON.stringify(seed.facts ?? facts()), ranked, tenthAt, halfAt, now - 240_000, failed)
    .run();
}
