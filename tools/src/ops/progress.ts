import { formatDuration } from "./duration.ts";
import type { Status } from "./status.ts";

const BAR_WIDTH = 30;

/** Where the rotation stands, as one line. */
export function formatRotation({ rotation }: Status): string {
  const { number, processed, total, percent, etaMs } = rotation;
  const filled = Math.min(BAR_WIDTH, Math.floor((percent / 100) * BAR_WIDTH));
  const bar = "#".repeat(filled).padEnd(BAR_WIDTH, "-");
  const end = etaMs === null ? "done" : `about ${formatDuration(etaMs)} left`;
  return `${number} [${bar}] ${processed} of ${total} agents, ${percent} %, ${end}`;
}

/** The rotation to follow: the one under way, or when there is none the next. */
export function toWatchedRotation({ rotation }: Status): number {
  return rotation.etaMs === null ? rotation.number + 1 : rotation.number;
}

export function hasEnded({ rotation }: Status, watched: number): boolean {
  return rotation.number > watched || (rotation.number === watched && rotation.etaMs === null);
}

/** Why waiting on would be in vain; undefined = it is not. */
export function findStandstill({ paused, configProblem }: Status): string | undefined {
  if (paused) return "the rebuilder is paused: npm run ops -- resume";
  if (configProblem) return `nothing runs until the configuration is mended: ${configProblem}`;
  return undefined;
}

/** How long until it is worth looking again: an eighth of a tick's interval. */
export function toPollMs({ intervalMs }: Status): number {
  return Math.min(5_000, Math.max(250, Math.round(intervalMs / 8)));
}
