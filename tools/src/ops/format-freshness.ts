import { toCommand } from "@standings/rebuilder/freshness";
import type { Status } from "../status.ts";
import { formatAgo, formatDuration } from "./duration.ts";
import { line } from "./line.ts";

/** How fresh the data is, and of each reason why it is not: since when, and what to do about it. */
export function formatFreshness(url: string, { freshness, now }: Status): string[] {
  const { status, since, reasons } = freshness;
  return [
    ...line("Freshness", since === null ? status : `${status} since ${formatDuration(now - since)}`),
    ...reasons.flatMap(({ code, since: from, why, action }) => [
      ...line("!", `${why}${from === null ? "" : `, since ${formatDuration(now - from)}`} (${code})`),
      ...(action ? line("", `${toCommand(action.command, url)}   ${action.when}`) : []),
    ]),
  ];
}

/** What keeps the rebuild from going on as it should, beside the age of the data. */
export function formatTrouble(status: Status): string[] {
  const { now, configProblem, stateProblem, alarmAt, alarmOverdueMs, consecutiveFailures, crashes, rowCounts } = status;
  const { publishing } = status;
  const apart = publishing.since === null ? "" : ` since ${formatDuration(now - publishing.since)}`;
  const troubles = [
    configProblem,
    stateProblem,
    alarmAt === null && "no alarm is set",
    alarmOverdueMs > 0 && `the alarm is overdue by ${formatDuration(alarmOverdueMs)}`,
    consecutiveFailures > 0 && `${consecutiveFailures} ticks in a row did not commit`,
    crashes.count > 0 && `${crashes.count} ticks in a row began at one place and never ended`,
    publishing.problem !== null && `nothing new is published: ${publishing.problem}`,
    publishing.mode === "apart" && `rankings are published apart from the commits${apart}: the last one was too slow`,
    rowCounts === null && "the database does not answer",
    ...crashes.passedOver.map(
      ({ lane, address, until }) =>
        `${address} is passed over on the ${lane} lane until ${new Date(until).toISOString()}: its ticks crashed`,
    ),
  ];
  return troubles.flatMap((trouble) => (trouble ? line("!", trouble) : []));
}

/** The claims that are held back, and how to release them. */
export function formatHolds(url: string, { holds, now }: Status): string[] {
  return holds.flatMap(({ id, detail, since, release }) => [
    ...line("Hold", `${id}: ${detail}, ${formatAgo(since, now)}`),
    ...line("", `${release}:`),
    ...line("", toCommand(`accept --id ${id}`, url)),
  ]);
}
