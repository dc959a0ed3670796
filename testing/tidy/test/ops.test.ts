import { spawnSync } from "node:child_process";
import path from "node:path";
import { TOP } from "@standings/mutations/sources";
import { describe, expect, it } from "vitest";
import { findFiles, readText } from "../src/files.ts";
import { collectMetricNames } from "../src/metric-names.ts";

const RULES = ["ops/alerts.yml", "ops/alerts.test.yml", "ops/grafana.json"];
// Debian's package `prometheus` has it. Where it is missing, the names are checked all the same.
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

describe.each(RULES)("%s", (file) => {
  it("asks for metrics that the API has", () => {
    expect(collectMetricNames(file).filter((name) => !listMetrics().includes(name))).toEqual([]);
  });
});

describe("the metrics", () => {
  it("are all on the dashboard", () => {
    const shown = collectMetricNames("ops/grafana.json");
    expect(listMetrics().filter((name) => !shown.includes(name))).toEqual([]);
  });
});

describe("the alerts", () => {
  it("each say how urgent they are, what has happened, and what to look at", () => {
    const alerts = readText("ops/alerts.yml").split("- alert: ").slice(1);
    const wanted = [/severity: (?:page|ticket)/, /summary: \S/, /description: \S/];
    expect(alerts.filter((alert) => !wanted.every((one) => one.test(alert)))).toEqual([]);
  });

  it.runIf(hasPromtool)("are rules that Prometheus takes, and fire when they should", () => {
    for (const args of [
      ["check", "rules", "ops/alerts.yml"],
      ["test", "rules", "ops/alerts.test.yml"],
    ]) {
      const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: path.join(TOP), encoding: "utf8" });
      expect({ status, output: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, output: "" });
    }
  });
});

/** The names that the API's sources give their metrics, as they are served. */
function listMetrics(): string[] {
  const sources = findFiles(/^services\/api\/src\/routes\/metrics\/.*(?<!\.test)\.ts$/)
    .map(readText)
    .join("\n");
  const named = [...sources.matchAll(/name: "(standings_\w+)",\s*type: "(counter|gauge)"/g)];
  return named.map(([, name, type]) => (type === "counter" ? `${name}_total` : `${name}`));
}
