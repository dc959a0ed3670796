import type { RebuilderStatus } from "@standings/rebuilder/contract";
import type { Metric, Sample } from "./text-format.ts";

/** The state of the rebuilder in numbers. The names are promised in the operations guide. */
export function toMetrics(status: RebuilderStatus): Metric[] {
  return [
    ...toTickMetrics(status),
    ...toScheduleMetrics(status),
    ...toPublicationMetrics(status),
    ...toUpstreamMetrics(status),
    ...toPriceMetrics(status),
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
      help: "Agents attempted.",
      samples: one(counters.agents),
    },
    {
      name: "standings_agents_failed",
      type: "counter",
      help: "Agents attempted with at least one failed source.",
      samples: one(counters.agentsFailed),
    },
  ];
}

function toScheduleMetrics(status: RebuilderStatus): Metric[] {
  const { alarmOverdueMs, intervalMs, watchdogRearms, consecutiveFailures, rotation, state } = status;
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
    {
      name: "standings_rotation_progress_ratio",
      type: "gauge",
      unit: "ratio",
      help: "Agents of the current rotation that were attempted.",
      samples: rotation.total === 0 ? [] : one(rotation.processed / rotation.total),
    },
    {
      name: "standings_quarantines",
      type: "gauge",
      help: "Answers that are held back for a decision.",
      samples: one(status.quarantines.length),
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
      help: "Ranked by last good values: a source failed at the last attempt.",
      samples: known(({ partial }) => partial),
    },
    {
      name: "standings_pending_agents",
      type: "gauge",
      help: "Listed, and not ranked: a source has never answered for them.",
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
      name: "standings_breaker_open",
      type: "gauge",
      help: "1 while a host is blocked, probes included.",
      samples: each(upstreams, "host", ({ breaker }) => (breaker === "closed" ? 0 : 1)),
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
