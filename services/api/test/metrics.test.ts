import type { RebuilderStatus } from "@standings/rebuilder/contract";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { expectProblem, PUBLISHED_AT, rebuilder, request, status, TOKEN, tickReport } from "./builders.ts";

const log = vi.spyOn(console, "error");

beforeEach(() => {
  log.mockReset();
  log.mockImplementation(() => {});
});

function scrape(answer: () => Promise<RebuilderStatus>): Promise<Response> {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  return request("/api/metrics", { headers }, { REBUILDER: rebuilder({ status: answer }) });
}

interface Family {
  type: string;
  unit?: string;
  help?: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[n"\\])*"(?:,(?!\}))?)*)\})? ([+-]?[\d.]+(?:e[+-]?\d+)?)$/;

/** By the rules of the specification: metadata once and in order, one family after the other, names by type, EOF last. */
function parseOpenMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  expect(text).toMatch(/# EOF\n$/);
  expect(text).not.toContain("\r");
  let current = "";
  for (const line of text.split("\n").slice(0, -2)) {
    const [, kind, name = "", rest = ""] = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "TYPE") {
      expect(families.has(name), `${name} comes twice`).toBe(false);
      families.set(name, { type: rest, samples: [] });
      current = name;
      continue;
    }
    const family = families.get(current) ?? expect.fail(`${line} belongs to nothing`);
    if (kind === "UNIT" || kind === "HELP") {
      expect([name, family.samples.length]).toEqual([current, 0]);
      expect(family[kind === "UNIT" ? "unit" : "help"]).toBeUndefined();
      if (kind === "UNIT") expect([family.help, name.endsWith(`_${rest}`)]).toEqual([undefined, true]);
      family[kind === "UNIT" ? "unit" : "help"] = rest;
      continue;
    }
    const [, sample = "", labels = "", value] = SAMPLE.exec(line) ?? expect.fail(`not a sample: ${line}`);
    expect(sample).toBe(family.type === "counter" ? `${current}_total` : current);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", text = ""]) => [key, text]);
    family.samples.push({ name: sample, labels: Object.fromEntries(pairs), value: Number(value) });
    if (family.type === "counter") expect(Number(value)).toBeGreaterThanOrEqual(0);
  }
  for (const [name, { type, help, samples }] of families) {
    expect(["counter", "gauge"]).toContain(type);
    expect([name, help?.length]).not.toEqual([name, 0]);
    expect(samples.length).toBeGreaterThan(0);
    expect(new Set(samples.map(({ labels }) => JSON.stringify(labels))).size).toBe(samples.length);
  }
  return families;
}

async function read(changed: Partial<RebuilderStatus> = {}): Promise<Map<string, Family>> {
  const response = await scrape(async () => status(changed));
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(response.headers.get("X-Robots-Tag")).toBe("noindex");
  return parseOpenMetrics(await response.text());
}

const readValue = (families: Map<string, Family>, name: string, labels: Record<string, string> = {}) =>
  families.get(name)?.samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;

describe("the metrics", () => {
  it("have the names that the operations guide builds its alerts on", async () => {
    const families = await read();
    expect(readValue(families, "standings_last_commit_timestamp_seconds")).toBe(PUBLISHED_AT / 1000);
    expect(readValue(families, "standings_coverage_ratio")).toBe(1);
    expect(readValue(families, "standings_breaker_open", { host: "hiro" })).toBe(0);
    expect(readValue(families, "standings_quarantines")).toBe(1);
    expect(families.get("standings_alarm_rearms")?.samples).toEqual([
      { name: "standings_alarm_rearms_total", labels: {}, value: 0 },
    ]);
  });

  it("count ticks, fetches and time, and show what is left of the budgets", async () => {
    const families = await read();
    expect(readValue(families, "standings_ticks", { outcome: "committed" })).toBe(12);
    expect(readValue(families, "standings_fetches", { host: "hiro", result: "ok" })).toBe(1_100);
    expect(readValue(families, "standings_fetches", { host: "hiro", result: "failed" })).toBe(4);
    expect(readValue(families, "standings_tick_seconds")).toBe(48);
    expect(readValue(families, "standings_budget_left", { host: "hiro" })).toBe(141_000);
    expect(readValue(families, "standings_partial_agents")).toBe(1);
    expect(readValue(families, "standings_pending_agents")).toBe(0);
    expect(readValue(families, "standings_publication_age_seconds")).toBe(0);
  });

  it("take the last committed tick, not the last tick, and a host that is probed is still blocked", async () => {
    const failed = tickReport({ outcome: "commit-failed", startedAt: PUBLISHED_AT + 600_000 });
    const { hiro } = status().upstreams;
    const families = await read({
      ticks: [failed, tickReport({ startedAt: PUBLISHED_AT + 120_000 })],
      upstreams: hiro ? { hiro: { ...hiro, breaker: "half-open", monthlyBudget: 0 } } : {},
    });
    expect(readValue(families, "standings_last_commit_timestamp_seconds")).toBe(PUBLISHED_AT / 1000 + 124);
    expect(readValue(families, "standings_breaker_open", { host: "hiro" })).toBe(1);
    expect(families.has("standings_budget_left")).toBe(false);
  });

  it("leave out what is not known, before anything was published", async () => {
    const families = await read({ publication: null, ticks: [], lastTick: null, rowCounts: null, prices: {} });
    expect(families.has("standings_coverage_ratio")).toBe(false);
    expect(families.has("standings_last_commit_timestamp_seconds")).toBe(false);
  });

  it("say 503 when the rebuilder does not answer, so that the scrape fails", async () => {
    const response = await scrape(async () => {
      throw new Error("SECRET cause");
    });
    expect(JSON.stringify(await expectProblem(response, 503, "rebuilder-unavailable"))).not.toContain("SECRET");
  });

  it("are for the operator alone, and for no other site", async () => {
    for (const headers of [{}, { Authorization: "Bearer wrong" }, { Origin: "https://other.example" }]) {
      const response = await request("/api/metrics", { headers: headers as Record<string, string> });
      expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
      await expectProblem(response, 401, "unauthorized");
    }
  });
});
