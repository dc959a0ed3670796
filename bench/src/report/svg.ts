export const CHART_WIDTH = 760;

/** Read in light and in dark: the page's own preference decides, also where the chart is embedded as an image. */
const STYLE = `
  svg { color-scheme: light dark; font: 13px system-ui, sans-serif; }
  .ground { fill: #ffffff; } .ink { fill: #1f2328; } .faint { fill: #59636e; } .rule { stroke: #d1d9e0; }
  .range { stroke: #1f2328; } .title { font-size: 15px; font-weight: 600; }
  .c0 { --c: #0969da; } .c1 { --c: #8250df; } .c2 { --c: #bc4c00; } .c3 { --c: #1a7f37; } .c4 { --c: #6e7781; }
  .c5 { --c: #bf3989; }
  .bar { fill: var(--c); } .line { fill: none; stroke: var(--c); stroke-width: 2; } .dot { fill: var(--c); }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .ink { fill: #f0f6fc; } .faint { fill: #9198a1; } .rule { stroke: #3d444d; }
    .range { stroke: #f0f6fc; }
    .c0 { --c: #4493f8; } .c1 { --c: #ab7df8; } .c2 { --c: #db6d28; } .c3 { --c: #3fb950; } .c4 { --c: #9198a1; }
    .c5 { --c: #db61a2; }
  }`;

/** Colours stand for series, and come round again after so many. */
export const COLOURS = 6;

/** @param body elements of the chart @param description what a reader who cannot see it should know */
export function toSvg(title: string, description: string, height: number, body: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${CHART_WIDTH}" height="${height}" viewBox="0 0 ${CHART_WIDTH} ${height}" role="img" aria-labelledby="title description">
<title id="title">${escapeXml(title)}</title>
<desc id="description">${escapeXml(description)}</desc>
<style>${STYLE}
</style>
<rect class="ground" width="${CHART_WIDTH}" height="${height}"/>
${text(16, 26, title, "ink title")}
${body.join("\n")}
</svg>
`;
}

export function text(x: number, y: number, content: string, classes: string, anchor?: "middle" | "end"): string {
  const at = `x="${round(x)}" y="${round(y)}" class="${classes}"${anchor ? ` text-anchor="${anchor}"` : ""}`;
  return `<text ${at}>${escapeXml(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, classes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${classes}"/>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The smallest of 1, 2, 5, 10, 20 … that is not below the value: where an axis ends. */
export function toAxisEnd(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= value * (1 - 1e-9)) ?? 10 * power;
}
