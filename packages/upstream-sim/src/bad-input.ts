import type { z } from "zod";

/** Input from outside that cannot be used. The message says why, for the person who gave it. */
export class BadInput extends Error {
  override name = "BadInput";
}

/** Throws a BadInput with everything that is wrong, in one line. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, where = "input"): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${[where, ...issue.path].join(".")}: ${issue.message}`);
  throw new BadInput(issues.join("; "));
}
