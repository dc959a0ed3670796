/** Fields that hold a time; every other number is a count, a duration or money. */
const TIMES = ["now", "at", "since", "until", "openSince", "notBefore"] as const;
type TimeField = (typeof TIMES)[number] | `${string}At`;

/** A value of the RPC contract as served over HTTP: the same names, Unix milliseconds as RFC 3339. */
export type AsServed<T> = T extends readonly (infer Item)[]
  ? AsServed<Item>[]
  : T extends object
    ? { [Field in keyof T]: Field extends TimeField ? ServedTime<T[Field]> : AsServed<T[Field]> }
    : T;

type ServedTime<T> = T extends number ? string : T;

export function toServed<T>(value: T): AsServed<T> {
  return convert(value) as AsServed<T>;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      typeof field === "number" && isTimeField(name) ? new Date(field).toISOString() : convert(field),
    ]),
  );
}

function isTimeField(name: string): boolean {
  return (TIMES as readonly string[]).includes(name) || name.endsWith("At");
}
