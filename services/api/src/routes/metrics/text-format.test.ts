import { describe, expect, it } from "vitest";
import { formatClassic, formatOpenMetrics } from "./text-format.ts";

describe("formatOpenMetrics", () => {
  it("writes type, unit, help and samples, and ends with EOF", () => {
    const text = formatOpenMetrics([
      { name: "standings_x_seconds", type: "gauge", unit: "seconds", help: "How long.", samples: [{ value: 1.5 }] },
      { name: "standings_y", type: "counter", help: "How often.", samples: [{ labels: { a: "b", c: "" }, value: 0 }] },
    ]);
    expect(text.split("\n")).toEqual([
      "# TYPE standings_x_seconds gauge",
      "# UNIT standings_x_seconds seconds",
      "# HELP standings_x_seconds How long.",
      "standings_x_seconds 1.5",
      "# TYPE standings_y counter",
      "# HELP standings_y How often.",
      'standings_y_total{a="b",c=""} 0',
      "# EOF",
      "",
    ]);
  });

  it("escapes backslashes, quotes and line ends in labels and help", () => {
    const evil = 'a\\n"}\n# EOF\n';
    const text = formatOpenMetrics([
      { name: "standings_x", type: "gauge", help: evil, samples: [{ labels: { host: evil }, value: 1 }] },
    ]);
    expect(text).toContain('# HELP standings_x a\\\\n\\"}\\n# EOF\\n\n');
    expect(text).toContain('standings_x{host="a\\\\n\\"}\\n# EOF\\n"} 1\n');
    expect(text.split("\n")).toHaveLength(5);
  });

  it("leaves out what is not known", () => {
    expect(formatOpenMetrics([{ name: "standings_x", type: "gauge", help: "x", samples: [] }])).toBe("# EOF\n");
  });
});

describe("formatClassic", () => {
  it("writes help, type and samples, a counter as _total throughout, and no EOF", () => {
    const text = formatClassic([
      { name: "standings_x_seconds", type: "gauge", unit: "seconds", help: 'How "long".', samples: [{ value: 1.5 }] },
      { name: "standings_y", type: "counter", help: "How often.", samples: [{ labels: { a: '"\\\n' }, value: 0 }] },
    ]);
    expect(text.split("\n")).toEqual([
      '# HELP standings_x_seconds How "long".',
      "# TYPE standings_x_seconds gauge",
      "standings_x_seconds 1.5",
      "# HELP standings_y_total How often.",
      "# TYPE standings_y_total counter",
      'standings_y_total{a="\\"\\\\\\n"} 0',
      "",
    ]);
  });

  it("leaves out what is not known", () => {
    expect(formatClassic([{ name: "standings_x", type: "gauge", help: "x", samples: [] }])).toBe("");
  });
});
