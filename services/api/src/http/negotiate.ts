import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type { AppEnv } from "../env.ts";

export const JSON_TYPE = "application/json";
export const MARKDOWN_TYPE = "text/markdown";
export const CSV_TYPE = "text/csv";
export type Format = typeof JSON_TYPE | typeof MARKDOWN_TYPE | typeof CSV_TYPE;

/**
 * What the client likes best of the formats, the first of equals, and that too when it likes none: a client that can
 * read the answer is better served than by 406. Says that the answer depends on it.
 */
export function negotiate<Offered extends Format>(
  c: Context<AppEnv>,
  formats: readonly [Offered, ...Offered[]],
): Offered {
  c.header("Vary", "Accept", { append: true });
  const chosen = accepts(c, {
    header: "Accept",
    supports: [...formats],
    default: formats[0],
    match: (ranges, { supports, default: fallback }) => {
      const qualities = supports.map((type) => toQuality(type, ranges));
      const best = Math.max(...qualities);
      return (best > 0 && supports[qualities.indexOf(best)]) || fallback;
    },
  });
  return formats.find((format) => format === chosen) ?? formats[0];
}

/** RFC 9110: the most specific range that covers a type decides, whatever the others say. */
function toQuality(type: string, ranges: readonly { type: string; q: number }[]): number {
  for (const covering of [type, type.replace(/\/.*/, "/*"), "*/*"]) {
    const range = ranges.find((one) => one.type.toLowerCase() === covering);
    if (range) return range.q;
  }
  return 0;
}
