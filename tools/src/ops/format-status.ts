import { LANES, type Lane } from "@standings/rebuilder/contract";
import type { Action, Status, Tick, TickAnswer } from "../status.ts";
import { formatAgo, formatDuration } from "./duration.ts";
import { formatFreshness, formatHolds, formatTrouble } from "./format-freshness.ts";
import { line } from "./line.ts";
import { formatLane } from "./progress.ts";
import { formatTable } from "./table.ts";

const TICKS_SHOWN = 8;

/** The status as a person on call wants it: what is wrong first, then where things stand. */
export function formatStatus(url: string, status: Status): string[] {
  return [
    ...line("Rebuilder", `${status.state} at ${url}`),
    ...formatFreshness(url, status),
    ...formatTrouble(status),
    ...line("Next", formatNext(status)),
    ...line("Interval", `${formatDuration(status.intervalMs)}: ${status.intervalReason}`),
    ...LANES.flatMap((lane) => line(lane === "stacks" ? "Stacks" : "Bitcoin", formatLane(status, lane))),
    ...line("Board", formatPublication(status)),
    ...line("Roster", formatRoster(status)),
    ...line("Prices", formatPrices(status)),
    ...formatHolds(url, status),
    "",
    ...formatUpstreams(status),
    "",
    ...formatTicks(status),
  ];
}

function formatNext({ next, now }: Status): string {
  return next.at === null ? next.what : `${next.what}, ${formatAgo(next.at, now)} (${toIso(next.at)})`;
}

function formatPublication({ publication, epoch }: Status): string {
  if (!publication) return "nothing is published yet";
  const { version, ageSeconds, agents, partial, pending, coveragePercent } = publication;
  const counts = `${agents} ranked (${coveragePercent} %), ${partial} partial, ${pending} pending`;
  return `version ${version}, epoch ${epoch}, ${formatDuration(ageSeconds * 1_000)} old: ${counts}`;
}

function formatRoster({ roster, rowCounts }: Status): string {
  const { source, ageSeconds, accepted, rejected, problem } = roster;
  const age = ageSeconds === null ? "never read" : `${formatDuration(ageSeconds * 1_000)} old`;
  const rejections = Object.entries(rejected).map(([reason, count]) => `${count} ${reason}`);
  const parts = [
    `${accepted} accepted, ${age}${source === "kv" ? "" : `, ${source}`}`,
    ...(rowCounts
      ? [`${rowCounts.agentsCovered} of ${rowCounts.agents} covered by ${rowCounts.balances} balances`]
      : []),
    ...(rejections.length > 0 ? [`rejected: ${rejections.join(", ")}`] : []),
    ...(problem ? [problem] : []),
  ];
  return parts.join("; ");
}

function formatPrices({ prices }: Status): string {
  const shown = Object.entries(prices)
    .filter(([tokenId, { held }]) => MAIN_TOKENS.includes(tokenId) || held !== null)
    .map(([tokenId, { priceUsd, source, ageSeconds, confirmedBy, held }]) => {
      const single = confirmedBy === "single-source" ? ", single source" : "";
      const age = `${source}${single}, ${formatDuration(ageSeconds * 1_000)} old`;
      return `${tokenId} ${priceUsd} USD (${age}${held === null ? "" : `, kept: ${held}`})`;
    });
  return shown.length === 0 ? "none was ever accepted" : shown.join("; ");
}

const MAIN_TOKENS: readonly string[] = ["btc-l1", "stx"];

function formatUpstreams({ upstreams, hiroApi, now }: Status): string[] {
  const rows = Object.entries(upstreams).map(([host, upstream]) => {
    const { gate, notBefore, lastError, lastErrorAt, monthlyBudget, monthlyCalls, runsOutAt } = upstream;
    const notes = [
      lastError !== null && (lastErrorAt === null ? lastError : `${lastError} ${formatAgo(lastErrorAt, now)}`),
      notBefore !== null && notBefore > now && `no call for ${formatDuration(notBefore - now)}`,
      monthlyBudget > 0 && `${monthlyCalls} of ${monthlyBudget} calls this month`,
      runsOutAt !== null && `runs out ${formatAgo(runsOutAt, now)}`,
      host === "hiro" && hiroApi.version !== "v1" && `uses ${hiroApi.version}`,
      upstream.deprecationSeen,
    ].filter((note) => typeof note === "string");
    const { ok, failed, rateLimited, p50Ms } = upstream;
    return [host, gate, ok, failed, rateLimited, p50Ms === null ? "-" : `${p50Ms} ms`, notes.join(", ")];
  });
  return formatTable(["Upstream", "gate", "ok", "failed", "429", "p50", ""], rows);
}

function formatTicks({ ticks, now }: Status): string[] {
  if (ticks.length === 0) return ["No tick yet."];
  const rows = ticks
    .slice(0, TICKS_SHOWN)
    .map((tick) => [
      formatAgo(tick.startedAt, now),
      tick.trigger,
      tick.epoch ?? "-",
      tick.version ?? "-",
      ...LANES.map((lane) => formatAsked(tick, lane)),
      tick.notAttempted,
      `${tick.calls - tick.failedCalls}/${tick.calls}`,
      tick.subrequests,
      formatDuration(tick.durationMs),
      [tick.outcome, ...(tick.error ? [tick.error] : []), ...tick.notes].join("; "),
    ]);
  const head = ["Ticks", "by", "epoch", "version", "stacks", "bitcoin", "left", "calls ok", "subreq.", "took", ""];
  return formatTable(head, rows);
}

/** Agents that answered well, of those asked. */
function formatAsked({ lanes }: Tick, lane: Lane): string {
  const { asked, failed } = lanes[lane];
  return `${asked - failed}/${asked}`;
}

/** What came of one tick. */
export function formatTick(tick: TickAnswer): string[] {
  const left = tick.notAttempted > 0 ? `, ${tick.notAttempted} left for the next tick` : "";
  const lanes = LANES.map((lane) => `${lane} ${formatAsked(tick, lane)}`).join(", ");
  return [
    `The tick ${tick.joined ? "that was running " : ""}ended as ${tick.outcome}${tick.error ? `: ${tick.error}` : ""}`,
    `${tick.agents} agents, ${tick.failed} of them with a lane that failed${left}; answered well: ${lanes}`,
    `${tick.calls} calls, ${tick.failedCalls} failed; ${tick.subrequests} subrequests; ${formatDuration(tick.durationMs)}`,
    `epoch ${tick.epoch ?? "-"}, version ${tick.version ?? "-"}; the next tick in ${formatDuration(tick.nextIntervalMs)}`,
    ...tick.notes,
  ];
}

/** What operators did, newest first. */
export function formatActions(actions: readonly Action[]): string[] {
  if (actions.length === 0) return ["No operator has done anything yet."];
  const rows = actions.map(({ at, action, subject, outcome, reason }) => [
    toIso(at),
    action,
    subject ?? "",
    outcome,
    reason ?? "",
  ]);
  return formatTable(["When", "action", "subject", "outcome", "reason"], rows);
}

function toIso(at: number): string {
  return new Date(at).toISOString();
}
