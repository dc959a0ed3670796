const LABEL_WIDTH = 10;

/** A line of the status under its label; an empty label goes on with the one above. */
export function line(label: string, text: string): string[] {
  return [`${label.padEnd(LABEL_WIDTH)} ${text}`];
}
