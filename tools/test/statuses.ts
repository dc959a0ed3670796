import type { Status, Tick, TickAnswer } from "../src/status.ts";

export const NOW = Date.UTC(2026, 10, 22, 14, 0, 0);

type Lane = Status["lanes"]["stacks"];
type Upstream = Status["upstreams"][string];

/** A tick that committed, in good order. */
export function tick(changed: Partial<Tick> = {}): Tick {
  const lane = {
    rotation: 14,
    asked: 100,
    failed: 0,
    cursorBefore: "",
    cursorAfter: "SP1GDBCFGTCGJ14ZC08R245PGBDVJ534WX8Q63Z5H",
  };
  return {
    tickId: "t-900",
    trigger: "alarm",
    startedAt: NOW - 40_000,
    durationMs: 1_300,
    epoch: 900,
    version: 812,
    agents: 100,
    failed: 2,
    notAttempted: 0,
    lanes: { stacks: { ...lane, failed: 2 }, bitcoin: lane },
    calls: 201,
    failedCalls: 2,
    subrequests: 206,
    rowsRead: 500,
    rowsWritten: 130,
    outcome: "committed",
    error: null,
    notes: ["a note"],
    nextIntervalMs: 120_000,
    ...changed,
  };
}

/** Between two rotations there is no time to the end of one. */
export function lane(rotation: number, processed: number, changed: Partial<Lane> = {}): Lane {
  return {
    health: "well",
    since: NOW - 3_600_000,
    until: null,
    why: null,
    waitsFor: null,
    rotation,
    startedAt: NOW - 240_000,
    processed,
    total: 430,
    percent: Math.round((processed / 430) * 1_000) / 10,
    etaMs: processed === 430 ? null : 240_000,
    cursor: "SP31",
    goodAt: NOW - 40_000,
    ...changed,
  };
}

export function lanes(rotation: number, processed: number): Pick<Status, "lanes"> {
  return { lanes: { stacks: lane(rotation, processed), bitcoin: lane(rotation, processed) } };
}

export function upstream(changed: Partial<Upstream> = {}): Upstream {
  return {
    baseUrl: "https://upstream.example",
    ok: 100,
    failed: 0,
    rateLimited: 0,
    p50Ms: 120,
    gate: "open",
    notBefore: null,
    lastError: null,
    lastErrorAt: null,
    quota: {},
    deprecationSeen: null,
    monthlyBudget: 0,
    monthlyCalls: 4_321,
    runsOutAt: null,
    ...changed,
  };
}

/** The status of a rebuilder in good order. */
export function status(changed: Partial<Status> = {}): Status {
  return {
    state: "idle",
    now: NOW,
    freshness: { status: "ok", since: null, reasons: [] },
    paused: null,
    alarmAt: NOW + 80_000,
    alarmOverdueMs: 0,
    watchdogRearms: 0,
    intervalMs: 120_000,
    intervalReason: "upstreams are healthy",
    next: { what: "the tick after SP31 begins", at: NOW + 80_000 },
    ...lanes(14, 300),
    holds: [],
    epoch: 900,
    lastTick: tick(),
    ticks: [tick()],
    upstreams: { hiro: upstream(), mempool: upstream() },
    hiroApi: { version: "v1", since: null },
    prices: {
      "btc-l1": {
        priceUsd: 98_123.5,
        source: "coingecko",
        pricedAt: NOW - 12_000,
        ageSeconds: 12,
        confirmedBy: "second-source",
        held: null,
      },
    },
    roster: {
      source: "kv",
      readAt: NOW - 300_000,
      acceptedAt: NOW - 300_000,
      ageSeconds: 300,
      accepted: 430,
      rejected: { "bad-checksum": 2 },
      rejectedExamples: [],
      sharedBtcAddresses: 0,
      problem: null,
    },
    publication: {
      version: 812,
      publishedAt: NOW - 40_000,
      ageSeconds: 40,
      agents: 430,
      partial: 2,
      pending: 0,
      coveragePercent: 100,
    },
    publishing: { mode: "with-commit", since: null, problem: null },
    configProblem: null,
    stateProblem: null,
    consecutiveFailures: 0,
    crashes: { count: 0, passedOver: [] },
    counters: { ticks: {}, calls: {}, agents: 0, agentsFailed: 0, tickMs: 0 },
    rowCounts: {
      agents: 430,
      tokens: 9,
      fetches: 430,
      tickCommits: 12,
      publications: 2,
      balances: 2_150,
      standings: 860,
      agentsCovered: 430,
      agentsRanked: 430,
      oldestGoodAt: NOW - 600_000,
    },
    ...changed,
  };
}

/** As the API writes it: the fields that hold a time as RFC 3339. */
export function toServed(value: Status | Tick | TickAnswer | object): object {
  return JSON.parse(
    JSON.stringify(value, (name, field) =>
      typeof field === "number" && /^(?:now|at|since|seen|until|notBefore|\w+At)$/.test(name)
        ? new Date(field).toISOString()
        : field,
    ),
  );
}
