import { renderBarChart } from "../report/bar-chart.ts";
import { formatNumber, type Table } from "../report/table.ts";
import type { TickResult } from "./result.ts";

export function toTables({ agents, series }: TickResult): Table[] {
  return [
    {
      title: `Ticks of ${formatNumber(agents)} agents: time`,
      columns: ["Upstream latency", "agents", "calls", "most at once", "bound ms", "wall ms", "to the bound", "CPU ms"],
      rows: series.map((one) => [
        `${one.latencyMs} ms, ${one.kind}`,
        ...[one.agents, one.calls, one.maxInFlight, one.boundMs, one.wallMs.median].map(formatNumber),
        formatNumber(one.wallToBound.median),
        one.cpuMs ? formatNumber(one.cpuMs.median) : "–",
      ]),
      notes: ["bound: ceil(calls / 6) × latency, what six connections need at least"],
    },
    {
      title: `Ticks of ${formatNumber(agents)} agents: work`,
      columns: [
        "Upstream latency",
        "balances changed",
        "published",
        "rows written",
        "rows read",
        "statements",
        "round trips",
        "subrequests",
      ],
      rows: series.map((one) => [
        `${one.latencyMs} ms, ${one.kind}`,
        formatNumber(one.changedBalances.median),
        `${one.published} of ${one.ticks}`,
        ...[one.rowsWritten, one.rowsRead, one.statements, one.roundTrips, one.subrequests].map(({ median }) =>
          formatNumber(median),
        ),
      ]),
      notes: ["medians over the ticks"],
    },
  ];
}

export function toCharts({ series }: TickResult): Record<string, string> {
  const latencies = [...new Set(series.map(({ latencyMs }) => latencyMs))];
  return {
    "tick.svg": renderBarChart({
      title: "A tick's wall time, by upstream latency",
      unit: "milliseconds; line: shortest to longest tick",
      panels: latencies.map((latencyMs) => {
        const own = series.filter((one) => one.latencyMs === latencyMs);
        return {
          title: `${latencyMs} ms`,
          bars: [
            ...own.map(({ kind, wallMs }, index) => {
              return { label: `${kind} tick`, value: wallMs.median, range: wallMs, colour: index === 0 ? 0 : 1 };
            }),
            { label: "six connections' bound", value: own[0]?.boundMs ?? 0, colour: 4 },
          ],
        };
      }),
    }),
  };
}
