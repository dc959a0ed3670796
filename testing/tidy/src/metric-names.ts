import { readText } from "./files.ts";

/** The names of metrics that alert rules or a dashboard ask for, as they are served: counters with their _total. */
export function collectMetricNames(file: string): string[] {
  return [...new Set(readText(file).match(/\bstandings_[a-z0-9_]+\b/g) ?? [])].sort();
}
