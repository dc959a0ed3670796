/** What to do about a failed call to D1. */
export type D1ErrorKind =
  | "refused-data" // a row is not taken: fewer rows may pass
  | "refused" // the same statements will fail again
  | "not-migrated" // a table or column is missing: migrations come before releases
  | "overloaded" // must not be sent again now: more queries would make it worse
  | "transient"; // worth another try

export interface D1Failure {
  kind: D1ErrorKind;
  message: string; // at most MAX_ERROR_LENGTH characters
}

/** Long enough for every text of D1; an error may quote a whole statement. */
export const MAX_ERROR_LENGTH = 300;

// Tried in this order: nearly every text of the first three kinds also carries SQLITE_ERROR.
const PATTERNS: readonly (readonly [D1ErrorKind, RegExp])[] = [
  ["not-migrated", /no such (?:table|column)|has no column named/i],
  ["refused-data", /SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|RANGE)|constraint failed|too big|D1_TYPE_ERROR/i],
  ["overloaded", /overloaded|queued|memory limit|CPU time|exceeded timeout/i],
  ["refused", /SQLITE_(?:ERROR|FULL)|integer overflow|maximum DB size|disk is full/i],
];

/** The one place that reads D1's texts. Whatever it does not know is transient: a lost connection has many names. */
export function classifyD1Error(error: unknown): D1Failure {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const kind = PATTERNS.find(([, pattern]) => pattern.test(message) || pattern.test(cause))?.[0] ?? "transient";
  return { kind, message: message.slice(0, MAX_ERROR_LENGTH) };
}

/** Whether an error is D1's: of anything else, what it says is a bug here. */
export function isD1Error(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("D1_");
}
