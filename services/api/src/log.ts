type Level = "info" | "warn" | "error";

/** Long enough for every known cause; an error may quote a whole statement. */
const MAX_ERROR_CHARACTERS = 300;

/** One JSON line an event, with a stable name: the shape of both Workers. Never a secret: fields are named one by one. */
export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  const line = JSON.stringify({ level, event, ...fields });
  if (level === "info") console.log(line);
  else if (level === "warn") console.warn(line);
  else console.error(line);
}

/** An error for the person on call. The cause goes here and nowhere else. */
export function logError(event: string, error: unknown, fields: Record<string, string> = {}): void {
  const text = error instanceof Error ? error.message : String(error);
  log("error", event, { ...fields, error: text.slice(0, MAX_ERROR_CHARACTERS) });
}
