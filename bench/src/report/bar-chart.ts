import { CHART_WIDTH, COLOURS, line, round, text, toSvg } from "./svg.ts";
import { formatNumber } from "./table.ts";

export interface Bar {
  label: string;
  value: number;
  /** Drawn over the bar; absent = measured once. */
  range?: { min: number; max: number };
  /** The same colour in every panel. */
  colour: number;
}

export interface Panel {
  title: string;
  bars: readonly Bar[];
}

export interface BarChart {
  title: string;
  unit: string;
  panels: readonly Panel[];
}

const BAR_HEIGHT = 18;
const BAR_STEP = 25;
const PANEL_HEADER = 34;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 90;
const TOP = 62;

/** Horizontal bars from zero, in panels of one scale, each with its value written out and the range as a line. */
export function renderBarChart({ title, unit, panels }: BarChart): string {
  const bars = panels.flatMap((panel) => panel.bars);
  const largest = Math.max(...bars.map(({ value, range }) => Math.max(value, range?.max ?? 0)), 0);
  const toX = (value: number) =>
    LABEL_WIDTH + (largest > 0 ? (value / largest) * (CHART_WIDTH - LABEL_WIDTH - VALUE_WIDTH) : 0);
  const body = [text(16, 46, unit, "faint")];
  let y = TOP;
  for (const panel of panels) {
    if (panel.title) body.push(text(16, y + 16, panel.title, "ink"));
    y += panel.title ? PANEL_HEADER : 0;
    for (const bar of panel.bars) {
      body.push(...renderBar(bar, y, toX));
      y += BAR_STEP;
    }
    y += 8;
  }
  body.push(line(LABEL_WIDTH, TOP, LABEL_WIDTH, y - 8, "rule"));
  return toSvg(title, describe(unit, panels), y + 8, body);
}

function renderBar({ label, value, range, colour }: Bar, y: number, toX: (value: number) => number): string[] {
  const start = toX(0);
  const middle = y + BAR_HEIGHT / 2;
  const end = toX(Math.max(value, range?.max ?? 0));
  return [
    text(LABEL_WIDTH - 8, middle + 4, label, "faint", "end"),
    `<rect x="${start}" y="${y}" width="${round(Math.max(1, toX(value) - start))}" height="${BAR_HEIGHT}" rx="2" class="f${colour % COLOURS}"/>`,
    ...(range ? [line(toX(range.min), middle, toX(range.max), middle, "range")] : []),
    text(end + 6, middle + 4, formatNumber(value), "ink"),
  ];
}

function describe(unit: string, panels: readonly Panel[]): string {
  const said = panels.map(({ title, bars }) => {
    const values = bars.map(({ label, value }) => `${label} ${formatNumber(value)}`).join(", ");
    return title ? `${title}: ${values}` : values;
  });
  return `${unit}. ${said.join(". ")}.`;
}
