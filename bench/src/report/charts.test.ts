import { describe, expect, it } from "vitest";
import { renderBarChart } from "./bar-chart.ts";
import { renderLineChart } from "./line-chart.ts";
import { readTitle, toAxisEnd } from "./svg.ts";

const BARS = {
  title: "Pages <a second>",
  unit: "requests a second",
  panels: [
    {
      title: "500 agents",
      bars: [
        { label: "product", value: 100, range: { min: 90, max: 120 }, colour: 0 },
        { label: "half & half", value: 50, colour: 1 },
      ],
    },
  ],
};

const LINES = {
  title: "Pages",
  xTitle: "agents",
  yTitle: "requests a second",
  series: [
    { label: "product", colour: 0, points: [point(500, 40), point(5_000, 39)] },
    { label: "snapshot", colour: 1, points: [point(500, 38), point(5_000, 4)] },
  ],
};

describe("renderBarChart", () => {
  it("draws bars in proportion to their values", () => {
    const [first = 0, second = 0] = readNumbers(renderBarChart(BARS), /<rect [^>]*width="([\d.]+)" height="18"/g);
    expect(second / first).toBeCloseTo(0.5, 2);
  });

  it("keeps the longest range and its value inside", () => {
    const [width = 0] = readNumbers(renderBarChart(BARS), /<svg [^>]*width="(\d+)"/g);
    expect(Math.max(...readNumbers(renderBarChart(BARS), /x2="([\d.]+)"/g))).toBeLessThan(width - 50);
  });

  it("writes what it says as text, with nothing that breaks the markup", () => {
    const svg = renderBarChart(BARS);
    expect(svg).toContain("Pages &lt;a second&gt;");
    expect(svg).toContain("half &amp; half");
    expect(svg).toContain("500 agents: product 100, half &amp; half 50");
  });

  it("has a ground and an ink of its own in light and in dark", () => {
    const svg = renderBarChart(BARS);
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg.match(/\.ground \{ fill: #[0-9a-f]{6}; \}/g)).toHaveLength(2);
  });

  it("says what it is called", () => {
    expect(readTitle(renderBarChart({ ...BARS, title: "Pages a second" }))).toBe("Pages a second");
  });

  it("can be drawn of nothing but zeros", () => {
    const zero = { ...BARS, panels: [{ title: "", bars: [{ label: "none", value: 0, colour: 0 }] }] };
    expect(renderBarChart(zero)).not.toMatch(/NaN|Infinity/);
  });
});

describe("renderLineChart", () => {
  it("draws a point of each series at each size, higher for more", () => {
    const ys = readNumbers(renderLineChart(LINES), /<circle cx="[\d.]+" cy="([\d.]+)"/g);
    expect(ys).toHaveLength(4);
    expect(ys[3]).toBeGreaterThan(ys[2] ?? 0);
  });

  it("sets labels apart whose lines end together", () => {
    const close = { ...LINES, series: LINES.series.map((one) => ({ ...one, points: [point(1, 10), point(2, 10)] })) };
    const [first = 0, second = 0] = readNumbers(renderLineChart(close), /<rect x="[\d.]+" y="([\d.]+)" width="10"/g);
    expect(Math.abs(second - first)).toBeGreaterThanOrEqual(16);
  });

  it("leaves a zero out of a logarithmic scale", () => {
    const zero = { ...LINES, logY: true, series: [{ label: "none", colour: 0, points: [point(1, 0), point(2, 5)] }] };
    const svg = renderLineChart(zero);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(svg.match(/<circle/g)).toHaveLength(1);
  });
});

it.each([
  [0, 1],
  [0.7, 1],
  [1, 1],
  [37, 50],
  [501, 1_000],
])("an axis for %s ends at %s", (value, end) => {
  expect(toAxisEnd(value)).toBeCloseTo(end);
});

function point(x: number, y: number) {
  return { x, y };
}

function readNumbers(svg: string, pattern: RegExp): number[] {
  return [...svg.matchAll(pattern)].map((match) => Number(match[1]));
}
