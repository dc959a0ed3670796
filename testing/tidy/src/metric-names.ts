import { readText } from "./files.ts";

/** The names of metrics that alert rules or a dashboard ask for, as they are served: counters with their _total. */
export function collectMetricNames(file: string): string[] {
  return [...new Set(readText(file).match(/\bstandings_[a-z0-9_]+\b/g) ?? [])].sort();
}

/** The names in the endpoint's own text, classic or OpenMetrics: those of the samples, not of the families. */
export function collectServedNames(text: string): string[] {
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return [...new Set(samples.map((line) => /^[a-z0-9_]+/.exec(line)?.[0] ?? ""))].sort();
}
