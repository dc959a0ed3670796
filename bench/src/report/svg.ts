export const CHART_WIDTH = 760;

interface Theme {
  ground: string;
  ink: string;
  faint: string;
  rule: string;
  series: readonly string[];
}

const LIGHT: Theme = {
  ...{ ground: "#ffffff", ink: "#1f2328", faint: "#59636e", rule: "#d1d9e0" },
  series: ["#0969da", "#8250df", "#bc4c00", "#1a7f37", "#6e7781", "#bf3989"],
};

const DARK: Theme = {
  ...{ ground: "#0d1117", ink: "#f0f6fc", faint: "#9198a1", rule: "#3d444d" },
  series: ["#4493f8", "#ab7df8", "#db6d28", "#3fb950", "#9198a1", "#db61a2"],
};

/** Colours stand for series, and come round again after so many. */
export const COLOURS = LIGHT.series.length;

/** Read in light and in dark: the page's own preference decides, also where the chart is embedded as an image. */
const STYLE = `
svg { font: 13px system-ui, sans-serif; }
.title { font-size: 15px; font-weight: 600; }
.line { fill: none; stroke-width: 2; }
${toRules(LIGHT)}
@media (prefers-color-scheme: dark) {
${toRules(DARK)}
}`;

/** Plain colours instead of variables, which not every viewer of SVG knows. */
function toRules({ ground, ink, faint, rule, series }: Theme): string {
  const tones = series.map((tone, index) => `.f${index} { fill: ${tone}; } .s${index} { stroke: ${tone}; }`);
  return [
    `.ground { fill: ${ground}; } .ink { fill: ${ink}; } .faint { fill: ${faint}; }`,
    `.rule { stroke: ${rule}; } .range { stroke: ${ink}; }`,
    ...tones,
  ].join("\n");
}

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

/** What a chart is called, as it stands in its markup. */
export function readTitle(svg: string): string {
  return /<title[^>]*>([^<]*)</.exec(svg)?.[1] ?? "";
}
