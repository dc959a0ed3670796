import { FRESHNESS_STATUSES, HOLD_KINDS, REASON_CODES, type RebuilderStatus } from "@standings/rebuilder/contract";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { expectProblem, lane, PUBLISHED_AT, rebuilder, request, status, TOKEN, tickReport } from "./builders.ts";

const log = vi.spyOn(console, "error");

beforeEach(() => {
  log.mockReset();
  log.mockImplementation(() => {});
});

function scrape(answer: () => Promise<RebuilderStatus>, more: Record<string, string> = {}): Promise<Response> {
  const headers = { Authorization: `Bearer ${TOKEN}`, ...more };
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

/** What promtool checks: help and type before the samples, once, named alike; counters and only they end in _total. */
function lintClassic(text: string): string[] {
  expect(text).toMatch(/\n$/);
  expect(text).not.toMatch(/# EOF|# UNIT/);
  const types = new Map<string, string>();
  const series: string[] = [];
  let help = "";
  for (const line of text.split("\n").slice(0, -1)) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      help = name;
      continue;
    }
    if (kind === "TYPE") {
      expect([name, types.has(name)]).toEqual([help, false]);
      expect(name.endsWith("_total"), name).toBe(rest === "counter");
      expect(name).toMatch(/^[a-z_]+$/);
      expect(name).not.toMatch(/_(?:count|sum|bucket|ms|milliseconds|minutes|percent|counter|gauge)$/);
      types.set(name, rest);
      continue;
    }
    const [, sample = "", labels = "", value] = SAMPLE.exec(line) ?? expect.fail(`not a sample: ${line}`);
    expect([sample, types.has(sample)]).toEqual([help, true]);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", one = ""]) => [key, one]);
    series.push(`${sample} ${JSON.stringify(Object.fromEntries(pairs))} ${Number(value)}`);
  }
  expect(new Set(series.map((one) => one.replace(/ \S+$/, ""))).size).toBe(series.length);
  return series;
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
    expect(readValue(families, "standings_gate_closed", { host: "hiro" })).toBe(0);
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

  it("take the last committed tick, not the last tick", async () => {
    const failed = tickReport({ outcome: "commit-failed", startedAt: PUBLISHED_AT + 600_000 });
    const families = await read({ ticks: [failed, tickReport({ startedAt: PUBLISHED_AT + 120_000 })] });
    expect(readValue(families, "standings_last_commit_timestamp_seconds")).toBe(PUBLISHED_AT / 1000 + 124);
  });

  it("show a closed gate, and no budget where a host has none", async () => {
    const [hiro] = Object.values(status().upstreams);
    if (!hiro) return expect.fail("no host");
    const families = await read({ upstreams: { hiro: { ...hiro, gate: "closed", monthlyBudget: 0 } } });
    expect(readValue(families, "standings_gate_closed", { host: "hiro" })).toBe(1);
    expect(families.has("standings_budget_left")).toBe(false);
  });

  it("say how fresh the data is, and have every status and reason at all times", async () => {
    const families = await read();
    const statuses = families
      .get("standings_freshness_status")
      ?.samples.map(({ labels, value }) => [labels.status, value]);
    expect(statuses).toEqual(FRESHNESS_STATUSES.map((one) => [one, one === "degraded" ? 1 : 0]));
    const reasons = families.get("standings_degraded")?.samples.map(({ labels, value }) => [labels.reason, value]);
    expect(reasons).toEqual(REASON_CODES.map((code) => [code, code === "hold" ? 1 : 0]));
    const kinds = families.get("standings_holds")?.samples.map(({ labels, value }) => [labels.kind, value]);
    expect(kinds).toEqual(HOLD_KINDS.map((kind) => [kind, kind === "fall" ? 1 : 0]));
  });

  it("show the health of both lanes, and how long ago each had a complete answer", async () => {
    const resting = lane({ health: "resting", goodAt: PUBLISHED_AT - 90_000, processed: 215 });
    const families = await read({ lanes: { stacks: resting, bitcoin: lane({ goodAt: null }) } });
    const health = (name: string, state: string) => readValue(families, "standings_lane_health", { lane: name, state });
    expect(["well", "resting", "probing"].map((state) => health("stacks", state))).toEqual([0, 1, 0]);
    expect(["well", "resting", "probing"].map((state) => health("bitcoin", state))).toEqual([1, 0, 0]);
    expect(families.get("standings_lane_good_age_seconds")?.samples).toEqual([
      { name: "standings_lane_good_age_seconds", labels: { lane: "stacks" }, value: 90 },
    ]);
    expect(readValue(families, "standings_rotation_progress_ratio", { lane: "stacks" })).toBe(0.5);
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

  it.each([
    [undefined, "application/openmetrics-text"],
    ["*/*", "application/openmetrics-text"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/openmetrics-text"],
    [
      "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      "application/openmetrics-text",
    ],
    ["application/openmetrics-text, text/plain", "application/openmetrics-text"],
    ["text/plain", "text/plain"],
    ["text/plain;version=0.0.4", "text/plain"],
    ["text/plain, */*", "text/plain"],
    ["text/*", "text/plain"],
    ["text/plain;version=0.0.4;q=1,application/openmetrics-text;q=0.9", "text/plain"],
  ])("for Accept: %s come as %s", async (accept, type) => {
    const response = await scrape(async () => status(), accept === undefined ? {} : { Accept: accept });
    expect(response.headers.get("Content-Type")?.split(";")[0]).toBe(type);
    expect(response.headers.get("Vary")).toContain("Accept");
  });

  it("are the same in the classic format, by its own rules", async () => {
    const response = await scrape(async () => status(), { Accept: "text/plain" });
    expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const classic = lintClassic(await response.text());
    const open = [...(await read()).values()].flatMap(({ samples }) => samples);
    expect(classic).toEqual(open.map(({ name, labels, value }) => `${name} ${JSON.stringify(labels)} ${value}`));
  });

  it("are for the operator alone, and for no other site", async () => {
    for (const headers of [{}, { Authorization: "Bearer wrong" }, { Origin: "https://other.example" }]) {
      const response = await request("/api/metrics", { headers: headers as Record<string, string> });
      expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
      await expectProblem(response, 401, "unauthorized");
    }
  });
});
