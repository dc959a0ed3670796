import type { z } from "zod";

/** Resets of single fields before all of it counts as unreadable: more than any release has fields. */
const MAX_RESETS = 200;

/**
 * What was stored under a key, made whole: fields that are missing, at any depth, have their first value; what cannot be
 * read is reset by itself, named in `problems`, and costs the rest nothing. Never throws.
 */
export function complete<T>(
  key: string,
  schema: z.ZodType<T>,
  initial: T,
  stored: unknown,
): { value: T; problems: string[] } {
  if (stored === undefined) return { value: initial, problems: [] };
  const problems: string[] = [];
  let candidate = withDefaults(stored, initial);
  for (let resets = 0; resets < MAX_RESETS; resets++) {
    const parsed = schema.safeParse(candidate);
    if (parsed.success) return { value: parsed.data, problems };
    const path = parsed.error.issues[0]?.path ?? [];
    if (path.length === 0) break;
    problems.push([key, ...path].join("."));
    candidate = reset(candidate, initial, path);
  }
  return { value: initial, problems: [...problems, key] };
}

/** Missing fields of objects are filled in; records, lists and values are taken as they are. */
function withDefaults(stored: unknown, initial: unknown): unknown {
  if (!isObject(initial)) return stored;
  if (!isObject(stored)) return stored === undefined ? initial : stored;
  const filled: Record<string, unknown> = { ...stored };
  for (const [name, value] of Object.entries(initial)) {
    filled[name] = name in stored ? withDefaults(stored[name], value) : value;
  }
  return filled;
}

/** The field at the path as it was at first; an entry of a record or list that has no first value goes. */
function reset(value: unknown, initial: unknown, [name, ...rest]: readonly PropertyKey[]): unknown {
  if (name === undefined) return initial;
  if (Array.isArray(value)) return value.filter((_, index) => index !== name);
  if (!isObject(value) || !isObject(initial)) return initial;
  const field = String(name);
  if (!(field in initial)) return Object.fromEntries(Object.entries(value).filter(([one]) => one !== field));
  return { ...value, [field]: reset(value[field], initial[field], rest) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
