import { createBudget, createHosts, createHttp, fetchPrices, type Price, type PriceUpdate } from "@standings/balances";
import type { NewPublication } from "@standings/db";
import type { TickOutcome, TickReport, TickTrigger } from "../contract/status.ts";
import { advance, releaseAccepted } from "../rebuild/state.ts";
import { RESERVED_SUBREQUESTS } from "./chunk.ts";
import { commitChunk } from "./commit.ts";
import { type ChunkFetch, fetchChunk } from "./fetch.ts";
import { toAlarmTime, toStaleAfter } from "./interval.ts";
import { type Plan, planTick } from "./plan.ts";
import { shouldPublish } from "./publish.ts";
import { type Ending, isV1Due, nextInterval, remember, toReport } from "./report.ts";
import { guardStore } from "./store.ts";
import { describeError, type Tick, type TickDeps } from "./tick.ts";

/** Past this no further agent is started and calls under way are dropped: the commit follows with what is there. */
export const FETCH_DEADLINE_MS = 90_000;

/** One tick: plan, fetch outside the lock, commit inside it, re-arm. Throws only on a bug. */
export async function runTick(trigger: TickTrigger, deps: TickDeps): Promise<TickReport> {
  const { config } = deps;
  const memory = await deps.memory.load();
  const state = releaseAccepted(memory.state, memory.control);
  const budget = createBudget(config.subrequestBudget, RESERVED_SUBREQUESTS);
  const startedAt = deps.clock.now();
  const tick: Tick = {
    id: deps.newTickId(),
    trigger,
    startedAt,
    budget,
    store: guardStore(deps.store, deps.clock, () => budget.spend(), deps.storeTimeoutMs),
    hosts: createHosts({
      states: state.hosts,
      clock: deps.clock,
      openMs: config.idleMs,
      monthlyBudgets: config.monthlyBudgets,
    }),
    routes: { version: isV1Due(state, startedAt) ? "v1" : state.hiro.version },
  };

  let plan: Plan;
  try {
    plan = await planTick(tick, { ...memory, state }, deps);
  } catch (error) {
    return conclude(tick, state.cursor, deps, async () => {
      return { state, ...toFailure(describeError(error)), planned: 0, fetches: [] };
    });
  }
  if (plan.agents.length === 0) {
    return conclude(tick, state.cursor, deps, async () => {
      return { state: plan.state, outcome: "no-roster", planned: 0, fetches: [] };
    });
  }
  const fetched = plan.isSkipping ? skipFirst(plan, deps) : await fetchTick(tick, plan, deps);
  return conclude(tick, plan.state.cursor, deps, () => commitTick(tick, plan, fetched, deps));
}

interface Fetched extends ChunkFetch {
  prices: PriceUpdate;
}

async function fetchTick(
  tick: Tick,
  plan: Plan,
  { config, fetch, clock, givenUp, newTickId }: TickDeps,
): Promise<Fetched> {
  const { budget, hosts, routes } = tick;
  const deadline = new AbortController();
  const abort = () => deadline.abort();
  const cancel = clock.after(FETCH_DEADLINE_MS, abort);
  givenUp.addEventListener("abort", abort);
  try {
    const { baseUrls, headers } = config;
    const http = createHttp({ fetch, baseUrls, headers, budget, hosts, clock, deadline: deadline.signal });
    const lastGood = new Map<string, Price>(plan.lastGoodPrices.map((price) => [price.tokenId, price]));
    const prices = await fetchPrices(http, lastGood, clock);
    const { rotation, trustedUntil, quarantines } = plan.state;
    const chunk = await fetchChunk(plan.agents, {
      http,
      hosts,
      budget,
      routes,
      deadline: deadline.signal,
      clock,
      holders: plan.holders,
      quarantines,
      isTrusted: (source) => rotation.number <= (trustedUntil[source] ?? 0),
      newId: newTickId,
    });
    return { prices, ...chunk };
  } finally {
    cancel();
    givenUp.removeEventListener("abort", abort);
  }
}

/** The one agent that no tick survived counts as failed, so that the others get their turn. */
function skipFirst({ agents, state }: Plan, { clock }: TickDeps): Fetched {
  const failed = { kind: "failed", reason: "unfinished" } as const;
  const fetches = agents.slice(0, 1).map((agent) => {
    return { agent, attempts: { stacks: failed, bitcoin: failed }, endedAt: clock.now() };
  });
  return { prices: { accepted: [], held: state.heldPrices }, fetches, quarantines: state.quarantines };
}

/** Runs inside the lock: only D1, each call under a deadline. */
async function commitTick(
  tick: Tick,
  plan: Plan,
  { prices, fetches, quarantines }: Fetched,
  deps: TickDeps,
): Promise<Ending> {
  const { progress } = plan;
  const state = { ...plan.state, heldPrices: prices.held, quarantines };
  const endsRotation = plan.endsRotation && fetches.length === plan.agents.length;
  const interval = nextInterval(tick, state.failedCommits, false, deps);
  const version = progress.version + 1;
  const isFirstRotation = state.rotation.number <= 1;
  const publication: Omit<NewPublication, "epoch" | "publishedAt"> | undefined = shouldPublish({
    agents: progress.agents,
    isFirstRotation,
    endsRotation,
  })
    ? {
        version,
        rotation: state.rotation.number,
        staleAfter: toStaleAfter(deps.clock.now(), {
          agents: progress.agents,
          chunkSize: deps.config.chunkSize,
          intervalMs: interval.ms,
        }),
      }
    : undefined;
  const commit = await commitChunk(
    {
      commit: { tick_id: tick.id, trigger: tick.trigger, started_at: tick.startedAt },
      rotation: state.rotation.number,
      prices: prices.accepted.map(({ tokenId, price }) => ({ tokenId, ...price })),
      fetches,
      publication,
    },
    progress.epoch + 1,
    {
      store: tick.store,
      subrequests: () => tick.budget.used,
      maxSubrequests: deps.config.subrequestBudget,
      clock: deps.clock,
    },
  );
  const ending = { planned: plan.agents.length, fetches, commit };
  if (commit.kind !== "committed") {
    const fenced = { outcome: "fenced", error: "a competing tick committed first" } as const;
    return { ...ending, state, ...(commit.kind === "fenced" ? fenced : toFailure(commit.error)) };
  }
  const lastAttempted = fetches.at(-1)?.agent.stxAddress;
  const done = { epoch: commit.epoch, attempted: fetches.length, lastAttempted, endsRotation };
  return {
    ...ending,
    state: advance(state, done),
    outcome: "committed",
    version: commit.published ? version : undefined,
  };
}

/** A database without a table or column waits for an operator, not for another try. */
function toFailure(error: string): { outcome: TickOutcome; error: string } {
  return /no such (?:table|column)/i.test(error)
    ? { outcome: "not-migrated", error: `the database is not migrated (${error}): apply the migrations` }
    : { outcome: "commit-failed", error };
}

/** Ends a tick inside the lock: what `end` says is remembered, and the next alarm set. */
async function conclude(
  tick: Tick,
  cursorBefore: string,
  deps: TickDeps,
  end: () => Promise<Ending>,
): Promise<TickReport> {
  let report: TickReport | undefined;
  let bug: unknown;
  await deps.lock(async () => {
    // An exception that leaves the lock resets the object, and nothing after it would run.
    try {
      if (deps.givenUp.aborted) throw new Error("the tick was given up before its commit");
      const ending = await end();
      const isFailed = ending.outcome !== "committed" && ending.outcome !== "no-roster";
      const failedCommits = isFailed ? ending.state.failedCommits + 1 : 0;
      const interval = nextInterval(tick, failedCommits, isFailed, deps);
      report = toReport(tick, cursorBefore, ending, interval, deps.clock.now());
      if (deps.givenUp.aborted) throw new Error("the tick was given up during its commit");
      await deps.memory.save(
        remember(tick, ending.state, report, interval, failedCommits),
        toAlarmTime(deps.clock.now(), interval.ms),
      );
    } catch (error) {
      bug = error;
    }
  });
  if (bug !== undefined) throw bug;
  if (!report) throw new Error("the lock ended without running the commit");
  return report;
}
