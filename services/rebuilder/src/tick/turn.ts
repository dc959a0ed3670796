import { LANES } from "@standings/balances";
import { toStaleAfterMs } from "../safeguards/freshness.ts";
import { toSpanPlan } from "../safeguards/poison.ts";
import { toTicks } from "./chunk.ts";
import type { TurnCommit } from "./commit.ts";
import { COUNT_AGES_EVERY_MS, toFacts } from "./facts.ts";
import type { Answers } from "./fetch.ts";
import { chooseInterval, type Interval, toAlarmTime } from "./interval.ts";
import type { Verdict } from "./judge.ts";
import { advance } from "./lanes.ts";
import type { Memory, Place } from "./memory.ts";
import type { Plan } from "./plan.ts";
import { shouldPublish, toPublication, whyNotPublishable } from "./publish.ts";
import { toHealth } from "./report.ts";
import type { Tick } from "./tick.ts";

export interface Judged {
  plan: Plan;
  answers: Answers;
  verdict: Verdict;
  memory: Memory;
}

export interface Turn {
  commit: TurnCommit;
  countsAges: boolean;
  publishes: boolean; // with the commit, or apart from it
  waitingFor: string | null; // why nothing can be published yet
  paceMs: number;
}

/** What the tick is about to write, publication and freshness included. */
export function toTurn(tick: Tick, judged: Judged): Turn {
  const { plan, verdict, memory, answers } = judged;
  const { journal } = memory.state;
  const begin: Place = { ...plan.place, stacks: plan.lanes.stacks.place, bitcoin: plan.lanes.bitcoin.place };
  const end = toEnd(begin, plan, answers);
  const endsRotation = LANES.some((lane) => begin[lane].isOpen && !end[lane].isOpen);
  const good = LANES.flatMap((lane) => answers.lanes[lane].asked).filter(({ attempt }) => attempt.kind === "fetched");
  const goodAnswers = journal.goodAnswers + good.length;
  const publishes = shouldPublish({ plan, verdict, memory, endsRotation, goodAnswers });
  const isApart = journal.publishing.mode === "apart";
  const nowMs = tick.now();
  const countsAges = publishes || journal.countedAt === null || nowMs - journal.countedAt >= COUNT_AGES_EVERY_MS;
  const waitingFor = whyNotPublishable({ plan, verdict });
  const paceMs = toTurnHealth(tick, judged, end).pace.ms;
  const facts = toTurnFacts(tick, judged, end, { waitingFor, paceMs });
  return {
    commit: {
      firstEpoch: plan.epoch + 1,
      begin,
      end,
      listedAgents: plan.listedAgents,
      pairs: verdict.pairs,
      head: { roster: plan.roster.change, prices: verdict.prices.accepted, releases: verdict.releases },
      tail: { freshness: { facts: JSON.stringify(facts), at: nowMs, count: countsAges }, prune: endsRotation },
      publication: publishes && !isApart ? toPublication(plan, nowMs + toStaleAfterMs(facts)) : undefined,
      outcome: plan.place.agents === 0 ? "no-roster" : "committed",
    },
    countsAges,
    publishes,
    waitingFor,
    paceMs,
  };
}

function toEnd(begin: Place, plan: Plan, { lanes }: Answers): Place {
  const end = { ...begin };
  for (const lane of LANES) {
    const { agents, endsRotation } = plan.lanes[lane];
    const asked = lanes[lane].asked.map(({ agent }) => agent);
    const isComplete = agents.length > 0 && asked.length === agents.length;
    end[lane] = advance(begin[lane], asked, endsRotation && isComplete);
  }
  return end;
}

function toTurnHealth(tick: Tick, { plan, answers, memory }: Judged, end: Place) {
  const { chunkSize } = plan.lanes.stacks;
  return toHealth(tick, { lanes: toLanes(memory, answers), agents: end.agents, chunkSize, failedCommits: 0 });
}

function toTurnFacts(tick: Tick, judged: Judged, end: Place, known: Pick<Turn, "waitingFor" | "paceMs">) {
  const { plan, answers, verdict, memory } = judged;
  const interval = toInterval(tick, memory, { plan, answers, isCommitted: true });
  const accepted = new Map(verdict.prices.accepted.map((price) => [price.tokenId, price]));
  return toFacts({
    ...known,
    tickAt: tick.now(),
    nextTickAt: toAlarmTime(tick.startedAt, interval.ms, tick.now()),
    startedAt: memory.state.journal.startedAt ?? tick.startedAt,
    agents: end.agents,
    chunkSize: plan.lanes.stacks.chunkSize,
    lanes: toLanes(memory, answers),
    prices: [...plan.lastGoodPrices.filter(({ tokenId }) => !accepted.has(tokenId)), ...accepted.values()],
    holds: verdict.holds,
    control: memory.control,
    nowMs: tick.now(),
    config: tick.deps.config,
  });
}

function toLanes({ state }: Memory, answers: Answers | undefined) {
  if (!answers) return state.lanes;
  return { stacks: answers.lanes.stacks.memory, bitcoin: answers.lanes.bitcoin.memory };
}

/** When the next tick comes, as far as this one knows. */
export function toInterval(
  tick: Tick,
  memory: Memory,
  known: { plan: Plan | undefined; answers: Answers | undefined; isCommitted: boolean },
): Interval {
  const { config } = tick.deps;
  const { plan, answers, isCommitted } = known;
  const agents = plan?.place.agents ?? memory.state.place?.agents ?? 0;
  const chunkSize = plan?.lanes.stacks.chunkSize ?? config.chunkSize;
  const failedCommits = isCommitted ? 0 : memory.state.journal.failedCommits + 1;
  const lanes = toLanes(memory, answers);
  const health = toHealth(tick, { lanes, agents, chunkSize, failedCommits });
  return chooseInterval({ ...health, ticksOfRotation: toTicksNow(plan, memory) ?? health.ticksOfRotation }, config);
}

/** While it is found out whose answers bring ticks down, a rotation has many small ones: they come as soon as they may. */
function toTicksNow(plan: Plan | undefined, { crashes }: Memory): number | undefined {
  if (!plan || (crashes.running?.turn ?? null) === null) return undefined;
  const sizes = LANES.map((lane) => toSpanPlan(plan.lanes[lane].span, plan.lanes[lane].chunkSize).size);
  return LANES.length * toTicks(plan.place.agents, Math.min(...sizes));
}
