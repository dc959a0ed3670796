import { renderBarChart } from "../report/bar-chart.ts";
import { formatNumber, formatRange, type Table } from "../report/table.ts";
import type { PublishResult } from "./run.ts";

export function toTables({ sizes }: PublishResult): Table[] {
  return [
    {
      title: "Publishing a ranking",
      columns: [
        "Agents",
        "D1 ms",
        "range",
        "rows written",
        "rows read",
        "longest wait for D1, ms",
        "… for a page, ms",
        "… with no publication, ms",
      ],
      rows: sizes.map(({ agents, d1Ms, rowsWritten, rowsRead, waits, quiet }) => [
        formatNumber(agents),
        formatNumber(d1Ms.median),
        formatRange(d1Ms),
        ...[rowsWritten, rowsRead, waits.database, waits.page].map(({ median }) => formatNumber(median)),
        `${formatNumber(quiet.database)} / ${formatNumber(quiet.page)}`,
      ]),
      notes: [
        "the longest wait of 40 readers a second, half of the database's newest version, half of the first page; medians over the publications",
      ],
    },
  ];
}

export function toCharts({ sizes }: PublishResult): Record<string, string> {
  return {
    "publish.svg": renderBarChart({
      title: "Publishing a ranking",
      unit: "milliseconds; line: smallest to largest publication",
      panels: sizes.map(({ agents, d1Ms, waits }) => ({
        title: `${formatNumber(agents)} agents`,
        bars: [
          { label: "time in D1", value: d1Ms.median, range: d1Ms, colour: 0 },
          { label: "longest wait for D1", value: waits.database.median, range: waits.database, colour: 1 },
          { label: "longest wait for a page", value: waits.page.median, range: waits.page, colour: 2 },
        ],
      })),
    }),
  };
}
