import { type BarChart, renderBarChart } from "../report/bar-chart.ts";
import { renderLineChart } from "../report/line-chart.ts";
import { formatNumber, formatRange, type Table } from "../report/table.ts";
import type { BoardResult, ReadResult, Series } from "./result.ts";
import { SUBJECTS, type SubjectId } from "./subjects.ts";

/** The designs that answer with the same page, in the order of the charts. */
const DESIGNS: readonly SubjectId[] = ["page", "kv", "sql", "redis", "constantPage", "hello"];

/** Beside other designs, the page is the product's. */
const DESIGN_NAMES: Partial<Record<SubjectId, string>> = { page: "this product" };

/** A share of its core from which on the generator may be what limits a series. */
const BUSY_GENERATOR = 0.9;

/** What the product serves. */
const ANSWERS: readonly SubjectId[] = ["page", "middle", "agent", "search", "unchanged", "html"];

export function toTables({ boards, claims }: ReadResult): Table[] {
  return [...boards.map(toBoardTable), ...boards.map(toD1Table), toClaimTable(claims)];
}

function toBoardTable(board: BoardResult): Table {
  const { agents, warm, ratios, cold, pageBytes, snapshotBytes } = board;
  const rows = (Object.entries(warm) as [SubjectId, Series][]).map(([id, series]) => [
    SUBJECTS[id],
    ...toCells(series),
    ratios[id] ? formatNumber(ratios[id].median) : "",
  ]);
  rows.push(["page of 100, without memory", ...toCells(cold.page), ""]);
  if (cold.kv) rows.push(["KV snapshot, new isolates", ...toCells(cold.kv), ""]);
  const limited = (Object.entries(warm) as [SubjectId, Series][]).filter(
    ([, series]) => series.generatorShare > BUSY_GENERATOR,
  );
  const first = Object.entries(cold.firstMs).filter(([, ms]) => ms !== null);
  return {
    title: `${formatNumber(agents)} agents: a page of 100 is ${formatNumber(pageBytes)} bytes, the snapshot ${formatNumber(snapshotBytes)}`,
    columns: ["What", "requests/s", "range", "p50 ms", "p99 ms", "CPU ms", "bytes", "to the page"],
    rows,
    notes: [
      ...limited.map(([id]) => `the load generator was at its limit: ${SUBJECTS[id]} may be faster`),
      ...(cold.ratio ? [`without memory, the page to the KV snapshot: ${formatNumber(cold.ratio.median)}`] : []),
      `first answer of a new isolate, ms: ${first.map(([what, ms]) => `${what} ${formatNumber(ms ?? 0)}`).join(", ")}`,
    ],
  };
}

function toCells({ perSecond, p50Ms, p99Ms, cpuMs, bytes }: Series): string[] {
  return [
    formatNumber(perSecond.median),
    formatRange(perSecond),
    formatNumber(p50Ms.median),
    formatNumber(p99Ms.median),
    cpuMs ? formatNumber(cpuMs.median) : "–",
    formatNumber(bytes),
  ];
}

function toD1Table({ agents, d1 }: BoardResult): Table {
  return {
    title: `${formatNumber(agents)} agents: what one request asks of D1`,
    columns: ["Request", "round trips", "statements", "rows read"],
    rows: d1.map(({ what, roundTrips, statements, rowsRead }) => [
      what,
      ...[roundTrips, statements, rowsRead].map(formatNumber),
    ]),
  };
}

function toClaimTable(claims: ReadResult["claims"]): Table {
  return {
    title: "Claims",
    columns: ["Ratio of", "target", "median", "range", "by CPU", "reached"],
    rows: claims.map(({ claim, target, measured, byCpu, reached }) => [
      claim,
      target,
      formatNumber(measured.median),
      formatRange(measured),
      byCpu === null ? "" : formatNumber(byCpu),
      reached ? "yes" : "NO",
    ]),
  };
}

/** File name to SVG. */
export function toCharts({ boards }: ReadResult): Record<string, string> {
  const designs: BarChart = {
    title: "A page of 100, by design",
    unit: "requests a second; line: smallest to largest round",
    panels: boards.map((board) => ({
      title: `${formatNumber(board.agents)} agents`,
      bars: DESIGNS.flatMap((id, colour) => toBar(board, id, colour, DESIGN_NAMES[id])),
    })),
  };
  const largest = boards.find(({ agents }) => agents === 1_005) ?? boards[0];
  const answers: BarChart = {
    title: `What the product answers, ${formatNumber(largest?.agents ?? 0)} agents`,
    unit: "requests a second; line: smallest to largest round",
    panels: [
      {
        title: "",
        bars: largest
          ? [
              ...ANSWERS.flatMap((id) => toBar(largest, id, 0)),
              toSeriesBar("page of 100, without memory", largest.cold.page, 0),
              ...toBar(largest, "hello", 4),
            ]
          : [],
      },
    ],
  };
  return {
    "read-designs.svg": renderBarChart(designs),
    "read-answers.svg": renderBarChart(answers),
    "read-sizes.svg": renderLineChart({
      title: "A page of 100, by size of the board",
      xTitle: "agents",
      yTitle: "requests a second",
      logY: true,
      series: DESIGNS.flatMap((id, colour) => {
        const points = boards.flatMap(({ agents, warm }) => {
          return warm[id] ? [{ x: agents, y: warm[id].perSecond.median }] : [];
        });
        return points.length > 0 ? [{ label: DESIGN_NAMES[id] ?? SUBJECTS[id], colour, points }] : [];
      }),
    }),
  };
}

function toBar({ warm }: BoardResult, id: SubjectId, colour: number, name: string = SUBJECTS[id]) {
  const series = warm[id];
  return series ? [toSeriesBar(name, series, colour)] : [];
}

function toSeriesBar(label: string, { perSecond }: Series, colour: number) {
  return { label, value: perSecond.median, range: perSecond, colour };
}
