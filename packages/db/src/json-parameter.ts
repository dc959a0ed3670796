/** A D1 string ends at 2 MB; half of it leaves room for characters that take more bytes than JavaScript counts. */
export const MAX_JSON_PARAMETER_BYTES = 1_000_000;

/**
 * Lists as JSON parameters for json_each(?), each under MAX_JSON_PARAMETER_BYTES: as few as possible, at least one.
 * Throws when a single row is over the limit.
 */
export function toJsonParameters(rows: readonly unknown[], maxBytes = MAX_JSON_PARAMETER_BYTES): string[] {
  const encoder = new TextEncoder();
  const parameters: string[] = [];
  let part: string[] = [];
  let bytes = 2;
  for (const row of rows) {
    const text = JSON.stringify(row);
    const size = encoder.encode(text).length + 1;
    if (size + 2 > maxBytes) throw new Error(`a row of ${size} bytes is over the limit of ${maxBytes}`);
    if (bytes + size > maxBytes) {
      parameters.push(`[${part.join(",")}]`);
      part = [];
      bytes = 2;
    }
    part.push(text);
    bytes += size;
  }
  parameters.push(`[${part.join(",")}]`);
  return parameters;
}
