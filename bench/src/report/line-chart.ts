import { CHART_WIDTH, COLOURS, line, round, text, toAxisEnd, toSvg } from "./svg.ts";
import { formatNumber } from "./table.ts";

export interface LineSeries {
  label: string;
  points: readonly { x: number; y: number }[];
  colour: number;
}

export interface LineChart {
  title: string;
  xTitle: string;
  yTitle: string;
  /** Logarithmic in y as well; absent = from zero. */
  logY?: boolean;
  series: readonly LineSeries[];
}

const HEIGHT = 380;
const LEFT = 72;
const RIGHT = 215;
const TOP = 64;
const BOTTOM = 52;
const GRID_LINES = 4;
/** Two labels nearer than this would cover each other. */
const LABEL_STEP = 16;

/** Lines over a logarithmic x, since boards grow by factors; each named at its right end. */
export function renderLineChart({ title, xTitle, yTitle, logY = false, series }: LineChart): string {
  const points = series.flatMap((one) => one.points).filter(({ y }) => !logY || y > 0);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const ticks = logY ? toDecades(points.map(({ y }) => y)) : toGrid(Math.max(...points.map(({ y }) => y), 0));
  const toX = scale([Math.log(xs[0] ?? 1), Math.log(xs.at(-1) ?? 10)], [LEFT, CHART_WIDTH - RIGHT]);
  const onAxis = (y: number) => (logY ? Math.log(y) : y);
  const toY = scale([onAxis(ticks[0] ?? 0), onAxis(ticks.at(-1) ?? 1)], [HEIGHT - BOTTOM, TOP]);
  const place = ({ x, y }: { x: number; y: number }) => ({ x: toX(Math.log(x)), y: toY(onAxis(y)) });

  const body = [text(16, 46, yTitle, "faint")];
  for (const tick of ticks) {
    const y = toY(onAxis(tick));
    body.push(line(LEFT, y, CHART_WIDTH - RIGHT, y, "rule"), text(LEFT - 8, y + 4, formatNumber(tick), "faint", "end"));
  }
  for (const x of xs) body.push(text(toX(Math.log(x)), HEIGHT - BOTTOM + 20, formatNumber(x), "faint", "middle"));
  body.push(text((LEFT + CHART_WIDTH - RIGHT) / 2, HEIGHT - 12, xTitle, "faint", "middle"));

  const drawn = series.map((one) => ({ ...one, at: one.points.filter(({ y }) => !logY || y > 0).map(place) }));
  const labels = spread(drawn.map(({ at }) => at.at(-1)?.y ?? TOP));
  for (const [index, { label, colour, at }] of drawn.entries()) {
    const path = at.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
    const tone = colour % COLOURS;
    body.push(
      `<polyline points="${path}" class="line s${tone}"/>`,
      ...at.map(({ x, y }) => `<circle cx="${round(x)}" cy="${round(y)}" r="3.5" class="f${tone}"/>`),
      `<rect x="${CHART_WIDTH - RIGHT + 12}" y="${round((labels[index] ?? TOP) - 5)}" width="10" height="10" rx="2" class="f${tone}"/>`,
      text(CHART_WIDTH - RIGHT + 28, (labels[index] ?? TOP) + 4, label, "ink"),
    );
  }
  return toSvg(title, describe(yTitle, xTitle, series), HEIGHT, body);
}

function scale([fromLow, fromHigh]: [number, number], [toLow, toHigh]: [number, number]): (value: number) => number {
  const span = fromHigh - fromLow || 1;
  return (value) => toLow + ((value - fromLow) / span) * (toHigh - toLow);
}

function toGrid(largest: number): number[] {
  const end = toAxisEnd(largest);
  return Array.from({ length: GRID_LINES + 1 }, (_, index) => (end / GRID_LINES) * index);
}

function toDecades(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values, 1)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values, 1))));
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
}

/** Heights moved down as far as needed for no two labels to touch, in the order that they stand in. */
function spread(heights: readonly number[]): number[] {
  const placed: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const [index, height] of [...heights.entries()].sort(([, a], [, b]) => a - b)) {
    last = Math.max(height, last + LABEL_STEP);
    placed[index] = last;
  }
  return placed;
}

function describe(yTitle: string, xTitle: string, series: readonly LineSeries[]): string {
  const said = series.map(({ label, points }) => {
    return `${label}: ${points.map(({ x, y }) => `${formatNumber(y)} at ${formatNumber(x)}`).join(", ")}`;
  });
  return `${yTitle} by ${xTitle}. ${said.join(". ")}.`;
}
