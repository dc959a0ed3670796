import { toConfigPath } from "@standings/tools/repository";
import { createRoster } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { bundlePeer, PRODUCT_MODULE } from "../peers/bundle.ts";
import type { D1Use } from "../peers/workers/counting-d1.ts";
import type { BuiltWorker } from "../rig/build.ts";
import { readCpuMs } from "../rig/processes.ts";
import { migrate, openDatabase, startStack } from "../rig/stack.ts";
import { toPeerOptions, toWorkerOptions } from "../rig/worker-options.ts";

/** One real tick of the built rebuilder. */
export interface MeasuredTick {
  outcome: string;
  wallMs: number;
  agents: number;
  calls: number;
  failedCalls: number;
  subrequests: number;
  /** Of everything that was asked of D1, plan and commit. */
  rowsRead: number;
  rowsWritten: number;
  statements: number;
  roundTrips: number;
  /** Of workerd, its database included; null = this system does not say. */
  cpuMs: number | null;
  /** Balances whose amount changed. */
  changedBalances: number;
  hasPublished: boolean;
  /** The most calls under way at once. */
  maxInFlight: number;
}

/** The built rebuilder over simulated upstreams. Ticks run when told to, and at no other time. */
export interface TickRig {
  upstream: Upstream;
  /** Ticks of a rotation. */
  rotation: number;
  tick(): Promise<MeasuredTick>;
  /** Of all agents. */
  countBalances(): Promise<number>;
  close(): Promise<void>;
}

/** How long holdings and prices stay as they are: no measurement runs into the next day's. */
const STEP_SECONDS = 10 * 86_400;

/** Alarms are armed as ever, but so far ahead that none rings. */
const NEVER_MS = String(86_400_000);

/** Agents a tick, as in production. */
const CHUNK = 100;

const CHANGED_SINCE = "SELECT count(*) AS count FROM balances WHERE captured_at >= ?1";

const REBUILDER = "standings-rebuilder";
const OPERATOR = "operator";

export async function startTickRig(built: BuiltWorker, agents: number): Promise<TickRig> {
  const upstream = await startUpstream({ seed: "bench", stepSeconds: STEP_SECONDS });
  const config = toConfigPath("rebuilder");
  const vars = {
    ...upstream.baseUrls,
    ...{ ALARM_INTERVAL_ACTIVE_MS: NEVER_MS, ALARM_INTERVAL_IDLE_MS: NEVER_MS, ROTATION_TARGET_MS: NEVER_MS },
    ...{ ALARM_WATCHDOG_MS: NEVER_MS, ROSTER_MAX_AGE_MS: NEVER_MS },
  };
  const modules = [
    { name: "worker.js", code: await bundlePeer("counted-rebuilder") },
    { name: PRODUCT_MODULE, code: built.code },
  ];
  const stack = await startStack([
    toPeerOptions(OPERATOR, await bundlePeer(OPERATOR), {
      REBUILDER: { type: "worker", worker: REBUILDER, exportName: "RebuilderRpc" },
      OBJECTS: { type: "durable-object", worker: REBUILDER, exportName: "DashboardRebuildDO" },
    }),
    toWorkerOptions(config, modules, { vars }),
  ]);
  const database = await openDatabase(stack.mf, "DB", REBUILDER);
  await migrate(database);
  const roster = createRoster({ agents, seed: "bench", cachedAt: new Date() });
  const kv = await stack.mf.getKVNamespace("VERIFIED_AGENTS", REBUILDER);
  await kv.put("cache:agent-list", JSON.stringify(roster));

  return {
    upstream,
    rotation: Math.ceil(agents / CHUNK),
    async tick() {
      upstream.resetStats();
      const cpuBefore = readCpuMs(stack.pids());
      const startedAt = Date.now();
      const { report, wallMs, d1 } = await callOperator(stack.origin());
      const cpuAfter = readCpuMs(stack.pids());
      return {
        ...report,
        wallMs,
        ...d1,
        cpuMs: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
        // A balance's time changes only with its amount.
        changedBalances: await count(database, CHANGED_SINCE, startedAt),
        maxInFlight: upstream.stats().maxInFlight,
      };
    },
    countBalances: () => count(database, "SELECT count(*) AS count FROM balances"),
    async close() {
      await stack.close();
      await upstream.close();
    },
  };
}

interface OperatorAnswer {
  answer: { ok: true; report: Record<string, unknown> } | { ok: false; reason: string };
  wallMs: number;
  d1: D1Use;
}

async function callOperator(origin: string) {
  const response = await fetch(origin, { headers: { "MF-Route-Override": OPERATOR } });
  const text = await response.text();
  if (!response.ok) throw new Error(`the tick answered ${response.status}: ${text.slice(0, 500)}`);
  const { answer, wallMs, d1 }: OperatorAnswer = JSON.parse(text);
  if (!answer.ok) throw new Error(`the tick was refused: ${answer.reason}`);
  const { outcome, error, version } = answer.report;
  if (outcome !== "committed") throw new Error(`the tick ended as ${outcome}: ${error}`);
  const number = (field: string) => Number(answer.report[field]);
  const report = {
    ...{ outcome, agents: number("agents"), calls: number("calls"), failedCalls: number("failedCalls") },
    subrequests: number("subrequests"),
    hasPublished: version !== null,
  };
  return { report, wallMs, d1 };
}

async function count(database: D1Database, query: string, ...parameters: number[]): Promise<number> {
  const row = await database
    .prepare(query)
    .bind(...parameters)
    .first<{ count: number }>();
  return row?.count ?? 0;
}

/** Ticks until every agent was asked about the world as it is now. */
export async function settle(rig: TickRig): Promise<void> {
  const { latency } = rig.upstream;
  const before = latency();
  rig.upstream.setLatency({ minMs: 0, maxMs: 0 });
  // One more than a rotation: the first may have ended in the middle of one.
  for (let tick = 0; tick <= rig.rotation; tick++) await rig.tick();
  rig.upstream.setLatency(before);
}
