import { formatAgo, formatDuration } from "./duration.ts";
import { formatRotation } from "./progress.ts";
import type { Status, Tick } from "./status.ts";

const TICKS_SHOWN = 8;
const LABEL_WIDTH = 10;

/** The status as a person on call wants it: what is wrong first, then where things stand. */
export function formatStatus(url: string, status: Status): string[] {
  return [
    ...line("Rebuilder", `${status.state} at ${url}`),
    ...formatTrouble(status),
    ...line("Next", formatNext(status)),
    ...line("Interval", `${formatDuration(status.intervalMs)}: ${status.intervalReason}`),
    ...line("Rotation", formatRotation(status)),
    ...line("Board", formatPublication(status)),
    ...line("Roster", formatRoster(status)),
    ...line("Prices", formatPrices(status)),
    ...formatHeld(status),
    "",
    ...formatUpstreams(status),
    "",
    ...formatTicks(status),
  ];
}

function line(label: string, text: string): string[] {
  return [`${label.padEnd(LABEL_WIDTH)} ${text}`];
}

/** What keeps the rebuild from going on as it should. */
function formatTrouble(status: Status): string[] {
  const { now, paused, configProblem, alarmAt, alarmOverdueMs, consecutiveFailures, unfinishedTicks, rowCounts } =
    status;
  const until = paused?.until ? `until ${toIso(paused.until)}` : "until resume";
  const troubles = [
    paused && `paused ${formatAgo(paused.since, now)}, ${until}${paused.reason ? `: ${paused.reason}` : ""}`,
    configProblem,
    alarmAt === null && "no alarm is set",
    alarmOverdueMs > 0 && `the alarm is overdue by ${formatDuration(alarmOverdueMs)}`,
    consecutiveFailures > 0 && `${consecutiveFailures} ticks in a row did not commit`,
    unfinishedTicks > 0 && `${unfinishedTicks} ticks in a row began at one place and never ended`,
    rowCounts === null && "the database does not answer",
  ];
  return troubles.flatMap((trouble) => (trouble ? line("!", trouble) : []));
}

function formatNext({ next, now }: Status): string {
  return next.at === null ? next.what : `${next.what}, ${formatAgo(next.at, now)} (${toIso(next.at)})`;
}

function formatPublication({ publication, epoch }: Status): string {
  if (!publication) return "nothing is published yet";
  const { version, ageSeconds, agents, partial, pending, coveragePercent } = publication;
  const counts = `${agents} ranked (${coveragePercent} %), ${partial} with a failed source, ${pending} pending`;
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
    .map(([tokenId, { priceUsd, source, ageSeconds, held }]) => {
      const age = `${source}, ${formatDuration(ageSeconds * 1_000)} old`;
      return `${tokenId} ${priceUsd} USD (${age}${held === null ? "" : `, kept: ${held}`})`;
    });
  return shown.length === 0 ? "none was ever accepted" : shown.join("; ");
}

const MAIN_TOKENS: readonly string[] = ["btc-l1", "stx"];

/** What waits for a decision, and how to release it. */
function formatHeld({ quarantines, roster, now }: Status): string[] {
  const held = quarantines.flatMap(({ id, host, tokenId, fell, of, since, release }) => [
    ...line("Held", `${id}: ${fell} of ${of} agents lost all their ${tokenId} at ${host}, ${formatAgo(since, now)}`),
    ...line("", `${release}:`),
    ...line("", `npm run ops -- accept --id ${id}`),
  ]);
  if (!roster.held) return held;
  const { id, accepted, previous, since } = roster.held;
  return [
    ...held,
    ...line("Held", `${id}: the roster shrank from ${previous} to ${accepted} agents, ${formatAgo(since, now)}`),
    ...line("", `if that is true: npm run ops -- accept --id ${id}`),
  ];
}

function formatUpstreams({ upstreams, hiroApi, now }: Status): string[] {
  const rows = Object.entries(upstreams).map(([host, upstream]) => {
    const { breaker, openSince, notBefore, lastError, monthlyBudget, monthlyCalls, runsOutAt } = upstream;
    const notes = [
      openSince !== null && `${breaker} since ${formatDuration(now - openSince)}`,
      lastError,
      notBefore !== null && notBefore > now && `no call for ${formatDuration(notBefore - now)}`,
      monthlyBudget > 0 && `${monthlyCalls} of ${monthlyBudget} calls this month`,
      runsOutAt !== null && `runs out ${formatAgo(runsOutAt, now)}`,
      host === "hiro" && hiroApi.version !== "v1" && `uses ${hiroApi.version}`,
      upstream.deprecationSeen,
    ].filter((note) => typeof note === "string");
    const { ok, failed, rateLimited, p50Ms } = upstream;
    return [host, breaker, ok, failed, rateLimited, p50Ms === null ? "-" : `${p50Ms} ms`, notes.join(", ")];
  });
  return formatTable(["Upstream", "breaker", "ok", "failed", "429", "p50", ""], rows);
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
      tick.agents,
      tick.failed,
      tick.notAttempted,
      `${tick.calls - tick.failedCalls}/${tick.calls}`,
      tick.subrequests,
      formatDuration(tick.durationMs),
      [tick.outcome, ...(tick.error ? [tick.error] : []), ...tick.notes].join("; "),
    ]);
  const head = ["Ticks", "by", "epoch", "version", "agents", "failed", "left", "calls ok", "subreq.", "took", ""];
  return formatTable(head, rows);
}

/** What came of one tick. */
export function formatTick(tick: Tick): string[] {
  const left = tick.notAttempted > 0 ? `, ${tick.notAttempted} left for the next tick` : "";
  return [
    `The tick ${tick.joined ? "that was running " : ""}ended as ${tick.outcome}${tick.error ? `: ${tick.error}` : ""}`,
    `${tick.agents} agents, ${tick.failed} of them with a failed source${left}`,
    `${tick.calls} calls, ${tick.failedCalls} failed; ${tick.subrequests} subrequests; ${formatDuration(tick.durationMs)}`,
    `epoch ${tick.epoch ?? "-"}, version ${tick.version ?? "-"}; the next tick in ${formatDuration(tick.nextIntervalMs)}`,
    ...tick.notes,
  ];
}

/** Numbers stand to the right, words to the left; the last column takes what it needs. */
function formatTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isNumeric = head.map((_, column) => rows.every((row) => /^(?:-|[\d./]+(?: ms)?)$/.test(String(row[column]))));
  return cells.map((row) =>
    row
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

function toIso(at: number): string {
  return new Date(at).toISOString();
}
