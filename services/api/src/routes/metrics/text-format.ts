// The two text formats of metrics, as far as counters and gauges need them.

export const OPEN_METRICS_TYPE = "application/openmetrics-text";
export const OPEN_METRICS = `${OPEN_METRICS_TYPE}; version=1.0.0; charset=utf-8`;

/** The format of Prometheus before OpenMetrics. */
export const CLASSIC_TYPE = "text/plain";
export const CLASSIC = `${CLASSIC_TYPE}; version=0.0.4; charset=utf-8`;

export interface Sample {
  labels?: Record<string, string>;
  value: number;
}

export interface Metric {
  name: `standings_${string}`; // of a counter without _total, which the formats add
  type: "counter" | "gauge";
  unit?: "seconds" | "ratio"; // the end of the name
  help: string;
  samples: readonly Sample[]; // none = not known now, and the metric is left out
}

/** OpenMetrics 1.0: a counter's family has its bare name, its samples end in _total, and the text ends with EOF. */
export function formatOpenMetrics(metrics: readonly Metric[]): string {
  const lines = listKnown(metrics).flatMap(({ name, type, unit, help, samples }) => [
    `# TYPE ${name} ${type}`,
    ...(unit ? [`# UNIT ${name} ${unit}`] : []),
    `# HELP ${name} ${escapeText(help)}`,
    ...samples.map((sample) => formatSample(toSampleName({ name, type }), sample)),
  ]);
  return [...lines, "# EOF", ""].join("\n");
}

/** The classic format, version 0.0.4: a counter is named _total throughout, and help keeps its quotes. */
export function formatClassic(metrics: readonly Metric[]): string {
  const lines = listKnown(metrics).flatMap((metric) => {
    const name = toSampleName(metric);
    return [
      `# HELP ${name} ${escapeHelp(metric.help)}`,
      `# TYPE ${name} ${metric.type}`,
      ...metric.samples.map((sample) => formatSample(name, sample)),
    ];
  });
  return [...lines, ""].join("\n");
}

/** The name under which a metric is stored and queried. */
function toSampleName({ name, type }: Pick<Metric, "name" | "type">): string {
  return type === "counter" ? `${name}_total` : name;
}

function listKnown(metrics: readonly Metric[]): Metric[] {
  return metrics.filter((metric) => metric.samples.length > 0);
}

function formatSample(name: string, { labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeText(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function escapeText(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
