import {
  FRESHNESS_STATUSES,
  HOLD_KINDS,
  LANE_HEALTHS,
  LANES,
  REASON_CODES,
  type RebuilderStatus,
} from "@standings/rebuilder/contract";
import type { Metric, Sample } from "./text-format.ts";

/** The state of the rebuilder in numbers. The names are promised in the operations guide. */
export function toMetrics(status: RebuilderStatus): Metric[] {
  return [
    ...toFreshnessMetrics(status),
    ...toLaneMetrics(status),
    ...toTickMetrics(status),
    ...toScheduleMetrics(status),
    ...toPublicationMetrics(status),
    ...toUpstreamMetrics(status),
    ...toPriceMetrics(status),
  ];
}

/** Every status, reason and kind is there always, so that an alert never waits for a series to appear. */
function toFreshnessMetrics({ freshness, holds }: RebuilderStatus): Metric[] {
  return [
    {
      name: "standings_freshness_status",
      type: "gauge",
      help: "1 for the status that the data has now.",
      samples: FRESHNESS_STATUSES.map((status) => ({ labels: { status }, value: status === freshness.status ? 1 : 0 })),
    },
    {
      name: "standings_degraded",
      type: "gauge",
      help: "How often a reason is given for the data not being ok.",
      samples: REASON_CODES.map((reason) => ({
        labels: { reason },
        value: freshness.reasons.filter(({ code }) => code === reason).length,
      })),
    },
    {
      name: "standings_holds",
      type: "gauge",
      help: "Claims that are held back, by kind.",
      samples: HOLD_KINDS.map((kind) => ({
        labels: { kind },
        value: holds.filter((hold) => hold.kind === kind).length,
      })),
    },
  ];
}

function toLaneMetrics({ lanes, now }: RebuilderStatus): Metric[] {
  return [
    {
      name: "standings_lane_health",
      type: "gauge",
      help: "1 for the health that a lane has now.",
      samples: LANES.flatMap((lane) =>
        LANE_HEALTHS.map((state) => ({ labels: { lane, state }, value: lanes[lane].health === state ? 1 : 0 })),
      ),
    },
    {
      name: "standings_lane_good_age_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Age of a lane's last complete answer; absent while it never had one.",
      samples: each(lanes, "lane", ({ goodAt }) => (goodAt === null ? undefined : Math.max(0, now - goodAt) / 1000)),
    },
    {
      name: "standings_rotation_progress_ratio",
      type: "gauge",
      unit: "ratio",
      help: "Agents of a lane's current rotation that were asked.",
      samples: each(lanes, "lane", ({ processed, total }) => (total === 0 ? undefined : processed / total)),
    },
  ];
}

function toTickMetrics({ counters, ticks, publication }: RebuilderStatus): Metric[] {
  const ends = ticks.filter((tick) => tick.outcome === "committed").map((tick) => tick.startedAt + tick.durationMs);
  const lastCommitAt = Math.max(publication?.publishedAt ?? 0, ...ends);
  return [
    {
      name: "standings_last_commit_timestamp_seconds",
      type: "gauge",
      unit: "seconds",
      help: "When a tick last committed.",
      samples: lastCommitAt === 0 ? [] : one(lastCommitAt / 1000),
    },
    {
      name: "standings_ticks",
      type: "counter",
      help: "Ticks by outcome.",
      samples: each(counters.ticks, "outcome", (count) => count),
    },
    {
      name: "standings_tick_seconds",
      type: "counter",
      unit: "seconds",
      help: "Time spent in ticks.",
      samples: one(counters.tickMs / 1000),
    },
    {
      name: "standings_fetches",
      type: "counter",
      help: "Calls to upstreams by host and result.",
      samples: Object.entries(counters.calls).flatMap(([host, { ok, failed, rateLimited }]) => [
        { labels: { host, result: "ok" }, value: ok },
        { labels: { host, result: "failed" }, value: failed },
        { labels: { host, result: "rate-limited" }, value: rateLimited },
      ]),
    },
    {
      name: "standings_agents_attempted",
      type: "counter",
      help: "Agents asked.",
      samples: one(counters.agents),
    },
    {
      name: "standings_agents_failed",
      type: "counter",
      help: "Agents asked, with at least one lane that failed.",
      samples: one(counters.agentsFailed),
    },
  ];
}

function toScheduleMetrics(status: RebuilderStatus): Metric[] {
  const { alarmOverdueMs, intervalMs, watchdogRearms, consecutiveFailures, state } = status;
  return [
    {
      name: "standings_alarm_rearms",
      type: "counter",
      help: "How often a lost or overdue alarm was set again.",
      samples: one(watchdogRearms),
    },
    {
      name: "standings_alarm_overdue_seconds",
      type: "gauge",
      unit: "seconds",
      help: "How long the alarm is overdue.",
      samples: one(alarmOverdueMs / 1000),
    },
    {
      name: "standings_interval_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Time between two ticks as it stands now.",
      samples: one(intervalMs / 1000),
    },
    {
      name: "standings_paused",
      type: "gauge",
      help: "1 while an operator's pause lasts.",
      samples: one(state === "paused" ? 1 : 0),
    },
    {
      name: "standings_consecutive_failures",
      type: "gauge",
      help: "Ticks in a row that did not commit.",
      samples: one(consecutiveFailures),
    },
  ];
}

function toPublicationMetrics({ publication, now, rowCounts }: RebuilderStatus): Metric[] {
  const known = (value: (of: NonNullable<typeof publication>) => number) =>
    publication ? one(value(publication)) : [];
  return [
    {
      name: "standings_publication_age_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Age of the newest ranking.",
      samples: known(({ publishedAt }) => Math.max(0, now - publishedAt) / 1000),
    },
    {
      name: "standings_coverage_ratio",
      type: "gauge",
      unit: "ratio",
      help: "Ranked agents of those listed.",
      samples: known(({ coveragePercent }) => coveragePercent / 100),
    },
    {
      name: "standings_ranked_agents",
      type: "gauge",
      help: "Agents in the newest ranking.",
      samples: known(({ agents }) => agents),
    },
    {
      name: "standings_partial_agents",
      type: "gauge",
      help: "Ranked by last good values: a lane failed at the last attempt, or a fall is held.",
      samples: known(({ partial }) => partial),
    },
    {
      name: "standings_pending_agents",
      type: "gauge",
      help: "Listed, and not ranked: a lane has never answered for them.",
      samples: known(({ pending }) => pending),
    },
    {
      name: "standings_oldest_balance_age_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Age of the oldest of the last good answers.",
      samples: rowCounts?.oldestGoodAt ? one(Math.max(0, now - rowCounts.oldestGoodAt) / 1000) : [],
    },
  ];
}

function toUpstreamMetrics({ upstreams }: RebuilderStatus): Metric[] {
  const budgeted = Object.fromEntries(Object.entries(upstreams).filter(([, host]) => host.monthlyBudget > 0));
  return [
    {
      name: "standings_gate_closed",
      type: "gauge",
      help: "1 while a host is not called, since it or a budget says so.",
      samples: each(upstreams, "host", ({ gate }) => (gate === "closed" ? 1 : 0)),
    },
    {
      name: "standings_upstream_latency_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Median of the last tick that called the host.",
      samples: each(upstreams, "host", ({ p50Ms }) => (p50Ms === null ? undefined : p50Ms / 1000)),
    },
    {
      name: "standings_month_calls",
      type: "gauge",
      help: "Calls of this calendar month.",
      samples: each(upstreams, "host", ({ monthlyCalls }) => monthlyCalls),
    },
    {
      name: "standings_budget_left",
      type: "gauge",
      help: "Calls left of this month's budget, for hosts that have one.",
      samples: each(budgeted, "host", ({ monthlyBudget, monthlyCalls }) => Math.max(0, monthlyBudget - monthlyCalls)),
    },
    {
      name: "standings_budget_end_timestamp_seconds",
      type: "gauge",
      unit: "seconds",
      help: "When the budget ends at the current rate; absent while it lasts.",
      samples: each(budgeted, "host", ({ runsOutAt }) => (runsOutAt === null ? undefined : runsOutAt / 1000)),
    },
  ];
}

function toPriceMetrics({ prices, now }: RebuilderStatus): Metric[] {
  return [
    {
      name: "standings_price_age_seconds",
      type: "gauge",
      unit: "seconds",
      help: "Age of the price that is used.",
      samples: each(prices, "token", ({ pricedAt }) => Math.max(0, now - pricedAt) / 1000),
    },
    {
      name: "standings_price_held",
      type: "gauge",
      help: "1 while a newer quote is not taken.",
      samples: each(prices, "token", ({ held }) => (held === null ? 0 : 1)),
    },
  ];
}

function one(value: number): Sample[] {
  return [{ value }];
}

/** A sample for each entry that has a value. */
function each<T>(entries: Record<string, T>, label: string, toValue: (entry: T) => number | undefined): Sample[] {
  return Object.entries(entries).flatMap(([name, entry]) => {
    const value = toValue(entry);
    return value === undefined ? [] : [{ labels: { [label]: name }, value }];
  });
}
