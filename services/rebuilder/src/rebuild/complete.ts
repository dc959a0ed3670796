import type { z } from "zod";

/** Rounds of resets before all of it counts as unreadable: each takes every field that the round before laid bare. */
const MAX_ROUNDS = 20;

type Path = readonly PropertyKey[];

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
  const problems: string[] = [];
  let candidate = withDefaults(stored, initial);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const parsed = schema.safeParse(candidate);
    if (parsed.success) return { value: parsed.data, problems };
    const spoiled = toSpoiled(parsed.error.issues, candidate, initial);
    for (const path of spoiled) candidate = reset(candidate, initial, path);
    problems.push(...spoiled.map((path) => [key, ...path].join(".")));
  }
  return { value: initial, problems: [...problems, key] };
}

/** Missing fields of objects are filled in; records, lists and values are taken as they are. */
function withDefaults(stored: unknown, initial: unknown): unknown {
  if (!isObject(initial)) return stored;
  if (!isObject(stored)) return stored === undefined ? initial : stored;
  const filled: Record<string, unknown> = { ...stored };
  for (const [name, value] of Object.entries(initial)) {
    filled[name] = Object.hasOwn(stored, name) ? withDefaults(stored[name], value) : value;
  }
  return filled;
}

/** What is to be reset, once each; entries of a list from the last on, so that the places of the others stay. */
function toSpoiled(issues: readonly z.core.$ZodIssue[], value: unknown, initial: unknown): Path[] {
  const paths = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((name) => [...issue.path, name]) : [issue.path],
  );
  const spoiled = new Map(
    paths.map((path) => toResettable(value, initial, path)).map((path) => [path.join("\n"), path]),
  );
  return [...spoiled.values()].sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)) || 0);
}

/** As much of the path as has a value of its own to go back to; an entry of a record or list has none, and goes whole. */
function toResettable(value: unknown, initial: unknown, path: Path): Path {
  const [name, ...rest] = path;
  if (name === undefined) return path;
  if (Array.isArray(value)) return [name];
  if (!isObject(value) || !isObject(initial)) return [];
  if (!Object.hasOwn(initial, name)) return [name];
  return [name, ...toResettable(value[String(name)], initial[String(name)], rest)];
}

/** The field at the path as it was at first; an entry of a record or list that has no first value goes. */
function reset(value: unknown, initial: unknown, [name, ...rest]: Path): unknown {
  if (name === undefined) return initial;
  if (Array.isArray(value)) return value.filter((_, index) => index !== name);
  if (!isObject(value) || !isObject(initial)) return initial;
  const field = String(name);
  if (!Object.hasOwn(initial, field)) return Object.fromEntries(Object.entries(value).filter(([one]) => one !== field));
  return { ...value, [field]: reset(value[field], initial[field], rest) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
