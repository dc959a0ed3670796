import { LANES, type Lane } from "@standings/rebuilder/contract";
import type { Status, Tick } from "../status.ts";

const MAX_SUBREQUESTS = 250;
export const MAX_IN_FLIGHT = 6;

/** An alarm fires when its time has come and the machine has a moment; seconds later something is wrong. */
const MAX_OVERDUE_MS = 5_000;

/** Local ticks are seconds apart, and a lost one is made good by the watchdog in ten. */
const MAX_SILENCE_MS = 30_000;

/** What was seen so far. */
export interface Memory {
  covered: number;
  epoch: number;
  version: number;
  rearms: number | undefined;
  lastTickAt: number | undefined;
  tickIds: Set<string>;
}

export function createMemory(): Memory {
  return { covered: 0, epoch: 0, version: 0, rearms: undefined, lastTickAt: undefined, tickIds: new Set() };
}

export interface Judgement {
  reasons: string[];
  /** Those not seen before, oldest first. */
  newTicks: Tick[];
  memory: Memory;
}

/** Compares one status with what was seen before it. */
export function judgeStatus(memory: Memory, status: Status): Judgement {
  const reasons: string[] = [];
  const newTicks = status.ticks.filter((tick) => !memory.tickIds.has(tick.tickId)).reverse();
  const covered = status.rowCounts?.agentsCovered ?? memory.covered;
  const version = status.publication?.version ?? memory.version;
  const newest = newTicks.at(-1);
  const lastTickAt = newest ? newest.startedAt + newest.durationMs : memory.lastTickAt;

  if (status.rowCounts === null) reasons.push("the database did not answer the status");
  if (covered < memory.covered) reasons.push(`agents covered shrank from ${memory.covered} to ${covered}`);
  if (status.epoch < memory.epoch) reasons.push(`epoch went back from ${memory.epoch} to ${status.epoch}`);
  if (version < memory.version) reasons.push(`version went back from ${memory.version} to ${version}`);
  if (status.alarmAt === null) reasons.push("the alarm is missing");
  if (status.alarmOverdueMs > MAX_OVERDUE_MS) reasons.push(`the alarm is overdue by ${status.alarmOverdueMs} ms`);
  if (memory.rearms !== undefined && status.watchdogRearms > memory.rearms) {
    reasons.push("the alarm was lost or overdue and had to be set again");
  }
  if (lastTickAt !== undefined && status.state !== "running" && status.now - lastTickAt > MAX_SILENCE_MS) {
    reasons.push(`no tick for ${Math.round((status.now - lastTickAt) / 1_000)} s`);
  }
  for (const lane of LANES) {
    const { health, why } = status.lanes[lane];
    if (health !== "well") reasons.push(`the ${lane} lane is ${health}: ${why ?? "no cause given"}`);
  }
  for (const tick of newTicks) {
    if (tick.subrequests > MAX_SUBREQUESTS)
      reasons.push(`a tick made ${tick.subrequests} subrequests by its own count`);
    if (tick.outcome !== "committed")
      reasons.push(`a tick ended as ${tick.outcome}: ${tick.error ?? "no error given"}`);
  }
  return {
    reasons,
    newTicks,
    memory: {
      covered,
      epoch: status.epoch,
      version,
      rearms: status.watchdogRearms,
      lastTickAt,
      tickIds: new Set([...memory.tickIds, ...newTicks.map((tick) => tick.tickId)]),
    },
  };
}

/** The upstream's own view of one tick. */
export function judgeCalls(tick: Tick, calls: number): string[] {
  if (calls > MAX_SUBREQUESTS) return [`a tick made ${calls} calls by the upstream's count`];
  return calls > tick.subrequests
    ? [`a tick counted ${tick.subrequests} subrequests, the upstream ${calls} calls`]
    : [];
}

/** At the end the data is fresh, and after one whole rotation everybody is covered. */
export function judgeEnd(status: Status): string[] {
  const { rowCounts: counts, freshness, lanes } = status;
  if (status.ticks.length === 0) return ["there was no tick at all"];
  const reasons: string[] = [];
  if (freshness.status !== "ok") {
    const why = freshness.reasons.map((reason) => reason.why).join("; ");
    reasons.push(`the data is ${freshness.status} at the end: ${why || "no reason given"}`);
  }
  const hasRotated = LANES.every((lane) => lanes[lane].rotation >= 2);
  if (hasRotated && counts && counts.agentsCovered !== counts.agents) {
    reasons.push(`only ${counts.agentsCovered} of ${counts.agents} agents are covered after a rotation`);
  }
  return reasons;
}

/** The page is for people: a 200 without a table of agents is not a board. */
export function judgePage(status: number, contentType: string | null, html: string): string[] {
  const rows = html.match(/<tr[\s>]/g)?.length ?? 0;
  if (status === 200 && contentType?.startsWith("text/html") && html.includes("<table") && rows >= 2) return [];
  return [`/dashboard did not render: ${status} ${contentType}, ${rows} table rows`];
}

export function formatTick(tick: Tick, status: Status, upstreamCalls: number | undefined): string {
  const counts = status.rowCounts;
  const alarmInMs = status.alarmAt === null ? undefined : status.alarmAt - status.now;
  return [
    `tick ${String(tick.epoch ?? "-").padStart(4)} ${tick.trigger.padEnd(6)} ${tick.outcome}`,
    `agents ${tick.agents} failed ${tick.failed}`,
    `subrequests ${tick.subrequests}${upstreamCalls === undefined ? "" : ` (upstream ${upstreamCalls})`}`,
    `balances ${counts?.balances ?? "?"} covering ${counts?.agentsCovered ?? "?"} of ${counts?.agents ?? "?"}`,
    `version ${tick.version ?? "-"}`,
    ...LANES.map((lane) => formatCursor(tick, lane)),
    `alarm ${alarmInMs === undefined ? "MISSING" : `in ${(alarmInMs / 1_000).toFixed(1)} s`}`,
    `${tick.durationMs} ms`,
  ].join(" | ");
}

/** Where a lane goes on; a tick may have asked nobody on it. */
function formatCursor({ lanes }: Tick, lane: Lane): string {
  const { rotation, cursorAfter } = lanes[lane];
  return `${lane} ${rotation}/${cursorAfter === "" ? "start" : `${cursorAfter.slice(0, 8)}…`}`;
}
