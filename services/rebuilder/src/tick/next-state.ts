import { type HostName, LANES, type Lane } from "@standings/balances";
import type { TickReport } from "../contract/status.ts";
import { type CrashMemory, endAttempt, type LaneEnd, PASS_OVER_MS } from "../safeguards/poison.ts";
import type { CommitResult } from "./commit.ts";
import type { Answers } from "./fetch.ts";
import type { Interval } from "./interval.ts";
import type { Verdict } from "./judge.ts";
import { type Counters, type Journal, KEPT_TICK_REPORTS, type Memory, type State } from "./memory.ts";
import type { Plan } from "./plan.ts";
import { isV1Due, type Tick } from "./tick.ts";
import type { Turn } from "./turn.ts";

export interface TickEnd {
  plan: Plan;
  answers: Answers;
  verdict: Verdict;
  result: CommitResult;
  interval: Interval;
  report: TickReport;
  version: number | null; // that was published
  turn: Turn;
}

/** What is remembered of a tick that got as far as its commit. */
export function toNextState({ state, crashes }: Memory, tick: Tick, end: TickEnd): Pick<Memory, "state" | "crashes"> {
  const { plan, answers, verdict, result } = end;
  const isCommitted = result.outcome === "committed" || result.outcome === "no-roster";
  const base = toNextUpstreams(state, tick);
  const next: State = {
    ...base,
    epoch: result.epoch ?? plan.epoch,
    version: Math.max(plan.version, end.version ?? 0),
    place: result.place,
    lanes: { stacks: answers.lanes.stacks.memory, bitcoin: answers.lanes.bitcoin.memory },
    roster: toNextRoster(state, tick, end),
    // What was judged holds only when it was written: the same answers come again otherwise.
    ...(isCommitted && {
      holds: verdict.holds,
      kept: verdict.kept,
      prices: verdict.prices.memory,
      priceProblems: verdict.prices.problems,
    }),
    journal: toNextJournal(state.journal, tick, end, isCommitted),
  };
  return { state: next, crashes: toNextCrashes(crashes, tick, end) };
}

/** A roster that did not get into the database was not accepted: later ones are not judged against it. */
function toNextRoster({ roster }: State, tick: Tick, { plan, result }: TickEnd): State["roster"] {
  if (result.isRosterRefused) {
    return { ...roster, readAt: tick.now(), source: "kept", isRefused: true, problem: toRosterProblem(result) };
  }
  return result.epoch === null && plan.roster.change !== null ? roster : plan.roster.memory;
}

/** What is remembered of a tick whose plan failed: nobody was asked. */
export function toUnplannedState(
  { state, crashes }: Memory,
  tick: Tick,
  { report, interval }: { report: TickReport; interval: Interval },
): Pick<Memory, "state" | "crashes"> {
  const journal = addReport(state.journal, tick, report, interval, state.journal.failedCommits + 1);
  return { state: { ...toNextUpstreams(state, tick), journal }, crashes: { ...crashes, running: null, count: 0 } };
}

function toNextUpstreams(state: State, tick: Tick): State {
  const { states, counts } = tick.gates.end();
  const called = Object.entries(counts).filter(([, host]) => host.ok + host.failed + host.rateLimited > 0);
  const { hiro } = state.upstreams;
  const { version } = tick.routes;
  const wasTriedAgain = hiro.version === "v3" && isV1Due(state, tick.startedAt);
  const since = version === hiro.version && !wasTriedAgain ? hiro.since : tick.startedAt;
  return {
    ...state,
    upstreams: {
      hosts: states,
      counts: { ...state.upstreams.counts, ...Object.fromEntries(called) },
      hiro: { version, since },
    },
  };
}

function toNextJournal(journal: Journal, tick: Tick, end: TickEnd, isCommitted: boolean): Journal {
  const { report, interval, result, answers, version, turn } = end;
  const next = addReport(journal, tick, report, interval, isCommitted ? 0 : journal.failedCommits + 1);
  const good = LANES.flatMap((lane) => answers.lanes[lane].asked.filter(({ attempt }) => attempt.kind === "fetched"));
  const hasPublished = version !== null;
  return {
    ...next,
    goodAnswers: hasPublished ? 0 : journal.goodAnswers + (isCommitted ? good.length : 0),
    committedAt: isCommitted ? tick.now() : journal.committedAt,
    waitingFor: turn.waitingFor,
    paceMs: turn.paceMs,
    countedAt: isCommitted && turn.countsAges ? tick.now() : journal.countedAt,
    publishing: {
      ...(result.isPublicationSlow
        ? { mode: "apart" as const, since: tick.now() }
        : { mode: journal.publishing.mode, since: journal.publishing.since }),
      problem: hasPublished ? null : (toPublishingProblem(result) ?? journal.publishing.problem),
      owed: !hasPublished && (journal.publishing.owed || (isCommitted && turn.publishes)),
    },
  };
}

function toPublishingProblem({ notes, isPublicationSlow, error }: CommitResult): string | null {
  if (isPublicationSlow) return `the publication took too long: ${error}`;
  return notes.find((note) => note.startsWith("the ranking was not published")) ?? null;
}

function toRosterProblem({ notes }: CommitResult): string | null {
  return notes.find((note) => note.startsWith("the database refused the roster")) ?? null;
}

function addReport(
  journal: Journal,
  tick: Tick,
  report: TickReport,
  interval: Interval,
  failedCommits: number,
): Journal {
  return {
    ...journal,
    startedAt: journal.startedAt ?? tick.startedAt,
    ticks: [report, ...journal.ticks].slice(0, KEPT_TICK_REPORTS),
    failedCommits,
    interval,
    counters: addToCounters(journal.counters, report, tick.gates.end().counts),
  };
}

function addToCounters(
  counters: Counters,
  report: TickReport,
  counts: ReturnType<Tick["gates"]["end"]>["counts"],
): Counters {
  const calls = Object.entries(counts).map(([host, { ok, failed, rateLimited }]) => {
    const before = counters.calls[host as HostName] ?? { ok: 0, failed: 0, rateLimited: 0 };
    const after = { ok: before.ok + ok, failed: before.failed + failed, rateLimited: before.rateLimited + rateLimited };
    return [host, after] as const;
  });
  return {
    ticks: { ...counters.ticks, [report.outcome]: (counters.ticks[report.outcome] ?? 0) + 1 },
    calls: Object.fromEntries(calls),
    agents: counters.agents + report.agents,
    agentsFailed: counters.agentsFailed + report.failed,
    tickMs: counters.tickMs + report.durationMs,
  };
}

function toNextCrashes(crashes: CrashMemory, tick: Tick, { plan, result }: TickEnd): CrashMemory {
  const lane = (name: Lane): LaneEnd => {
    const { place, span, chunkSize } = plan.lanes[name];
    const after = result.place[name];
    return {
      span,
      chunkSize,
      cursor: after.cursor,
      hasMoved: after.processed !== place.processed || after.rotation !== place.rotation,
      hasEndedRotation: place.isOpen && !after.isOpen,
    };
  };
  const found = LANES.flatMap((name) => {
    const { newlySkipped } = plan.lanes[name];
    return newlySkipped === null ? [] : { lane: name, address: newlySkipped, until: tick.now() + PASS_OVER_MS };
  });
  return endAttempt(crashes, { stacks: lane("stacks"), bitcoin: lane("bitcoin") }, found);
}
