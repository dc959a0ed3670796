/** One JSON line for the person on call. The cause goes here and nowhere else. */
export function logError(message: string, error: unknown, fields: Record<string, string> = {}): void {
  const cause =
    error instanceof Error
      ? { name: error.name, message: error.message, stack: error.stack }
      : { message: String(error) };
  console.error(JSON.stringify({ level: "error", message, ...fields, error: cause }));
}
