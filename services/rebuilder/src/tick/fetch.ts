import {
  type Attempt,
  describeFailure,
  type FailureReason,
  fetchBitcoinBalance,
  fetchQuotes,
  fetchStacksBalances,
  fetchWitness,
  type Http,
  LANES,
  type Lane,
  type LaneBalances,
  MAX_CONNECTIONS,
  type Quotes,
} from "@standings/balances";
import type { RosterPlace } from "@standings/db";
import { type Pair, type Testimony, toPairKey } from "../safeguards/falls.ts";
import { afterBad, afterGood, type LaneMemory, rest } from "../safeguards/lane-health.ts";
import { LANE_HOSTS } from "./chunk.ts";
import type { LanePlan, Plan } from "./plan.ts";
import type { Tick } from "./tick.ts";

/** From the tick's start: past it no further agent is asked, and the commit follows with what is there. */
export const FETCH_DEADLINE_MS = 90_000;

/** What witnesses may take together: the tick's own deadline is near by then. */
const WITNESS_DEADLINE_MS = 10_000;

/** Of the six connections, while the other lane has agents left too. */
const SHARED_CONNECTIONS = MAX_CONNECTIONS / 2;

/** An agent that was asked: answered, or failed by itself. */
export interface AgentAnswer {
  agent: RosterPlace;
  attempt: Exclude<Attempt<LaneBalances>, { kind: "postponed" }>;
  at: number; // Unix milliseconds
}

export interface LaneAnswers {
  memory: LaneMemory;
  /** In order, from the first on without a gap; whoever comes after was left out, and comes first next time. */
  asked: AgentAnswer[];
  stoppedBy: string | null; // why somebody was left out
}

/** What the tick was told, nothing judged. */
export interface Answers {
  quotes: Quotes;
  lanes: Record<Lane, LaneAnswers>;
}

/** Prices and both lanes side by side; no lane ever waits for another, or for a price. */
export async function fetchTurn(tick: Tick, plan: Plan): Promise<Answers> {
  const endsAt = tick.startedAt + FETCH_DEADLINE_MS;
  return withSignal(tick, endsAt - tick.now(), async (deadline) => {
    const http = tick.createHttp(deadline);
    const drained = { stacks: Promise.withResolvers<void>(), bitcoin: Promise.withResolvers<void>() };
    const ask = async (lane: Lane) => {
      const other = drained[lane === "stacks" ? "bitcoin" : "stacks"].promise;
      try {
        return await createLaneTurn(lane, plan.lanes[lane], { tick, http, deadline }).ask(drained[lane].resolve, other);
      } finally {
        drained[lane].resolve();
      }
    };
    const [quotes, stacks, bitcoin] = await Promise.all([
      fetchQuotes(http, tick.deps.clock),
      ask("stacks"),
      ask("bitcoin"),
    ]);
    return { quotes, lanes: { stacks, bitcoin } };
  });
}

/** What the other route says of the pairs in question. Nothing to ask costs nothing. */
export async function askWitnesses(tick: Tick, pairs: readonly Pair[]): Promise<Testimony> {
  const testimony = new Map<string, bigint>();
  if (pairs.length === 0) return testimony;
  await withSignal(tick, WITNESS_DEADLINE_MS, async (deadline) => {
    const http = tick.createHttp(deadline);
    await Promise.all(
      pairs.map(async (pair) => {
        const answer = await fetchWitness(http, { stxAddress: pair.agent, btcAddress: pair.asked }, pair.tokenId);
        if (answer.kind === "fetched") testimony.set(toPairKey(pair), answer.value);
      }),
    );
  });
  return testimony;
}

async function withSignal<T>({ deps }: Tick, ms: number, run: (deadline: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const abort = () => deadline.abort();
  const cancel = deps.clock.after(Math.max(0, ms), abort);
  deps.givenUp.addEventListener("abort", abort);
  if (deps.givenUp.aborted) abort();
  try {
    return await run(deadline.signal);
  } finally {
    cancel();
    deps.givenUp.removeEventListener("abort", abort);
  }
}

interface TurnDeps {
  tick: Tick;
  http: Http;
  deadline: AbortSignal;
}

/** One lane's turn: its answers, and its health as they come in. */
function createLaneTurn(lane: Lane, plan: LanePlan, { tick, http, deadline }: TurnDeps) {
  const { agents } = plan;
  const answers: (AgentAnswer | undefined)[] = agents.map(() => undefined);
  const hostsFault = new Set<number>();
  let memory = plan.memory;
  let stoppedBy: string | null = null;
  let next = 0;

  // Counted from the tick's start, like the interval: the tick that comes when the rest is over must find it over.
  const toRestMs = () => Math.max(0, tick.startedAt + tick.deps.config.idleMs - tick.now());

  const fetchAgent = ({ stxAddress, btcAddress }: RosterPlace) =>
    lane === "stacks" ? fetchStacksBalances(http, tick.routes, stxAddress) : fetchBitcoinBalance(http, btcAddress);

  /** Asks one agent, and lets the lane's health follow. Undefined when its answer says nothing about it. */
  const askAgent = async (agent: RosterPlace): Promise<AgentAnswer | undefined> => {
    if (plan.skipped.has(agent.stxAddress)) return toFailed(agent, "unfinished");
    const attempt = await fetchAgent(agent);
    const at = tick.now();
    if (attempt.kind === "postponed") {
      stoppedBy ??= attempt.reason;
      return undefined;
    }
    memory =
      attempt.kind === "fetched"
        ? afterGood(memory, agent.stxAddress, at)
        : afterBad(memory, agent.stxAddress, describeFailure(attempt), toRestMs(), at);
    return { agent, attempt, at };
  };

  const toFailed = (agent: RosterPlace, reason: FailureReason): AgentAnswer => {
    return { agent, attempt: { kind: "failed", reason }, at: tick.now() };
  };

  const askNext = async (): Promise<void> => {
    const index = next++;
    const agent = agents[index];
    if (!agent) return;
    const answer = await askAgent(agent);
    answers[index] = answer;
    if (answer?.attempt.kind === "failed" && memory.health !== "well") hostsFault.add(index);
  };

  const isStopped = () => {
    if (next >= agents.length || stoppedBy !== null) return true;
    if (memory.health === "resting") stoppedBy = `the lane rests: ${memory.why}`;
    else if (tick.gates.isClosed(LANE_HOSTS[lane])) stoppedBy = "the host's gate is closed";
    else if (tick.budget.left < 1) stoppedBy = "budget";
    else if (deadline.aborted) stoppedBy = "deadline";
    return stoppedBy !== null;
  };

  /** One agent at a time until one is answered: the one at the cursor first, then others from anywhere. */
  const probe = async (): Promise<void> => {
    for (const agent of plan.probes) {
      if (memory.health !== "probing" || isStopped()) return;
      const answer = await askAgent(agent);
      const index = agents.findIndex(({ stxAddress }) => stxAddress === agent.stxAddress);
      if (answer?.attempt.kind === "fetched" && index >= 0) answers[index] = answer;
    }
    if (memory.health !== "probing" || plan.probes.length === 0) return;
    memory = rest(memory, memory.why ?? "no probe was answered", toRestMs(), tick.now());
  };

  const work = async (): Promise<void> => {
    while (!isStopped()) {
      if (answers[next]) next++;
      else await askNext();
    }
  };

  /** The ten failures that began a rest, and what failed while it lasted, are the host's: those agents come next time. */
  const toAsked = (): AgentAnswer[] => {
    const streak = memory.health === "well" ? [] : memory.streak;
    const asked: AgentAnswer[] = [];
    for (const [index, answer] of answers.entries()) {
      const isHosts =
        hostsFault.has(index) || (answer?.attempt.kind === "failed" && streak.includes(answer.agent.stxAddress));
      if (!answer || (isHosts && !plan.skipped.has(answer.agent.stxAddress))) break;
      asked.push(answer);
    }
    return asked;
  };

  return {
    async ask(drained: () => void, otherIsDrained: Promise<void>): Promise<LaneAnswers> {
      await probe();
      const own = async () => {
        await work();
        drained();
      };
      const lent = () => otherIsDrained.then(work);
      await Promise.all(
        Array.from({ length: MAX_CONNECTIONS }, (_, index) => (index < SHARED_CONNECTIONS ? own() : lent())),
      );
      const asked = toAsked();
      return { memory, asked, stoppedBy: asked.length < agents.length ? stoppedBy : null };
    },
  };
}

/** Distinct agents that were asked on either lane. */
export function countAgents({ lanes }: Pick<Answers, "lanes">): { asked: number; failed: number } {
  const all = LANES.flatMap((lane) => lanes[lane].asked);
  const failed = all.filter(({ attempt }) => attempt.kind === "failed");
  const distinct = (answers: readonly AgentAnswer[]) => new Set(answers.map(({ agent }) => agent.stxAddress)).size;
  return { asked: distinct(all), failed: distinct(failed) };
}
