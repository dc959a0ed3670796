import type { Context } from "hono";
import { accepts } from "hono/accepts";
import type { AppEnv } from "../env.ts";

export const JSON_TYPE = "application/json";
export const MARKDOWN_TYPE = "text/markdown";
export const CSV_TYPE = "text/csv";

/** Of formats that the client likes equally: the first, or the one that it names more exactly than by a wildcard. */
export type Tie = "first" | "named";

/**
 * What the client likes best of the formats, and the first when it likes none: a client that can read the answer is
 * better served than by 406. Says that the answer depends on it.
 */
export function negotiate<Offered extends string>(
  c: Context<AppEnv>,
  formats: readonly [Offered, ...Offered[]],
  tie: Tie = "first",
): Offered {
  c.header("Vary", "Accept", { append: true });
  const chosen = accepts(c, {
    header: "Accept",
    supports: [...formats],
    default: formats[0],
    match: (ranges, { supports, default: fallback }) => {
      const wishes = supports.map((type) => ({ type, ...toWish(type, ranges) }));
      const best = wishes.reduce((a, b) =>
        b.q > a.q || (tie === "named" && b.q === a.q && b.exactness > a.exactness) ? b : a,
      );
      return best.q > 0 ? best.type : fallback;
    },
  });
  return formats.find((format) => format === chosen) ?? formats[0];
}

/** RFC 9110: the most specific range that covers a type decides, whatever the others say. */
function toWish(type: string, ranges: readonly { type: string; q: number }[]): { q: number; exactness: number } {
  for (const [index, covering] of [type, type.replace(/\/.*/, "/*"), "*/*"].entries()) {
    const found = ranges.filter((one) => one.type.toLowerCase() === covering);
    if (found.length > 0) return { q: Math.max(...found.map(({ q }) => q)), exactness: 3 - index };
  }
  return { q: 0, exactness: 0 };
}
