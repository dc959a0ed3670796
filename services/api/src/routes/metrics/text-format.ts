/** The text format of OpenMetrics 1.0, as far as counters and gauges need it. */
export const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

export interface Sample {
  labels?: Record<string, string>;
  value: number;
}

export interface Metric {
  name: `standings_${string}`; // of a counter without _total, which the format adds
  type: "counter" | "gauge";
  unit?: "seconds" | "ratio"; // the end of the name
  help: string;
  samples: readonly Sample[]; // none = not known now, and the metric is left out
}

export function formatOpenMetrics(metrics: readonly Metric[]): string {
  const lines = metrics.filter((metric) => metric.samples.length > 0).flatMap(formatMetric);
  return [...lines, "# EOF", ""].join("\n");
}

function formatMetric({ name, type, unit, help, samples }: Metric): string[] {
  const suffix = type === "counter" ? "_total" : "";
  return [
    `# TYPE ${name} ${type}`,
    ...(unit ? [`# UNIT ${name} ${unit}`] : []),
    `# HELP ${name} ${escapeText(help)}`,
    ...samples.map(({ labels = {}, value }) => `${name}${suffix}${formatLabels(labels)} ${value}`),
  ];
}

function formatLabels(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeText(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
