import { LANES, type Lane } from "@standings/rebuilder/contract";
import { toCommand } from "@standings/rebuilder/freshness";
import type { Status } from "../status.ts";
import { formatDuration } from "./duration.ts";

const BAR_WIDTH = 20;

/** Where a lane stands, as one line. */
export function formatLane({ lanes, now }: Pick<Status, "lanes" | "now">, lane: Lane): string {
  const { health, since, until, why, waitsFor, goodAt } = lanes[lane];
  const isWell = health === "well";
  const notes = [
    isWell ? health : `${health}${since === null ? "" : ` since ${formatDuration(now - since)}`}`,
    !isWell && why,
    health === "resting" && until !== null && until > now && `until ${new Date(until).toISOString()}`,
    waitsFor !== null && `waits for ${waitsFor}`,
    goodAt === null ? "no complete answer yet" : `last complete answer ${formatDuration(now - goodAt)} ago`,
  ].filter((note) => typeof note === "string");
  return `${formatProgress(lanes[lane])}; ${notes.join(", ")}`;
}

/** Both lanes' rotations, as one line. */
export function formatRotations({ lanes }: Pick<Status, "lanes">): string {
  return LANES.map((lane) => {
    const { health } = lanes[lane];
    return `${lane} ${formatProgress(lanes[lane])}${health === "well" ? "" : `, ${health}`}`;
  }).join(" | ");
}

function formatProgress({ rotation, processed, total, percent, etaMs }: Status["lanes"][Lane]): string {
  const filled = Math.max(0, Math.min(BAR_WIDTH, Math.floor((percent / 100) * BAR_WIDTH)));
  const bar = "#".repeat(filled).padEnd(BAR_WIDTH, "-");
  const end = etaMs === null ? "done" : `about ${formatDuration(etaMs)} left`;
  return `${rotation} [${bar}] ${processed} of ${total} agents, ${percent} %, ${end}`;
}

export type Watched = Record<Lane, number>;

/** The rotation of each lane to follow: the one under way, or when there is none the next. */
export function toWatchedRotations({ lanes }: Pick<Status, "lanes">): Watched {
  const toWatched = ({ rotation, etaMs }: Status["lanes"][Lane]) => (etaMs === null ? rotation + 1 : rotation);
  return { stacks: toWatched(lanes.stacks), bitcoin: toWatched(lanes.bitcoin) };
}

export function haveEnded({ lanes }: Pick<Status, "lanes">, watched: Watched): boolean {
  return LANES.every((lane) => {
    const { rotation, etaMs } = lanes[lane];
    return rotation > watched[lane] || (rotation === watched[lane] && etaMs === null);
  });
}

/** Why waiting on would be in vain; undefined = it is not. */
export function findStandstill({ paused, configProblem }: Status, url: string): string | undefined {
  if (paused) return `the rebuilder is paused: ${toCommand("resume", url)}`;
  if (configProblem) return `nothing runs until the configuration is mended: ${configProblem}`;
  return undefined;
}

/** How long until it is worth looking again: an eighth of a tick's interval. */
export function toPollMs({ intervalMs }: Status): number {
  return Math.min(5_000, Math.max(250, Math.round(intervalMs / 8)));
}
