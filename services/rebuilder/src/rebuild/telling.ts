import type { Freshness, Reason } from "../contract/freshness.ts";
import type { log } from "../log.ts";
import { describeHold } from "../safeguards/describe-hold.ts";
import type { Hold, State } from "../tick/memory.ts";

type Log = typeof log;

/** A line when a claim begins to be held back, and one when that ends. */
export function tellHolds(before: readonly Hold[], after: readonly Hold[], tell: Log): void {
  for (const hold of after) {
    if (before.some(({ id }) => id === hold.id)) continue;
    const { subject, detail } = describeHold(hold);
    tell("warn", "hold.began", { id: hold.id, kind: hold.kind, subject, detail });
  }
  for (const hold of before) {
    if (after.some(({ id }) => id === hold.id)) continue;
    tell("info", "hold.ended", { id: hold.id, kind: hold.kind, subject: describeHold(hold).subject });
  }
}

/** A line when a reason to call the board degraded begins to stand, and one when it ends. */
export function tellFreshness(
  degraded: State["journal"]["degraded"],
  { reasons }: Freshness,
  nowMs: number,
  tell: Log,
): State["journal"]["degraded"] {
  const standing = new Map(reasons.map((reason) => [toKey(reason), reason]));
  for (const [key, { code, subject, since, why, action }] of standing) {
    if (key in degraded) continue;
    tell("warn", "degraded.began", { reason: code, subject, since, why, command: action?.command ?? null });
  }
  for (const key of Object.keys(degraded)) {
    if (!standing.has(key)) tell("info", "degraded.ended", { reason: key.split(" ")[0], since: degraded[key] });
  }
  return Object.fromEntries([...standing.keys()].map((key) => [key, degraded[key] ?? nowMs]));
}

function toKey({ code, subject }: Reason): string {
  return subject === null ? code : `${code} ${subject}`;
}
