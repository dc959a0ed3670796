import { fetchQuotes, fetchWitness, LANES, type Lane, type Quotes } from "@standings/balances";
import { type Pair, type Testimony, toPairKey } from "../safeguards/falls.ts";
import { type AgentAnswer, type LaneAnswers, LaneTurn } from "./ask-lane.ts";
import type { Plan } from "./plan.ts";
import type { Tick } from "./tick.ts";

/** From the tick's start: past it no further agent is asked, and the commit follows with what is there. */
export const FETCH_DEADLINE_MS = 90_000;

/** What witnesses may take together: the tick's own deadline is near by then. */
const WITNESS_DEADLINE_MS = 10_000;

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
        const turn = new LaneTurn(lane, plan.lanes[lane], { tick, http, deadline });
        return await turn.ask(drained[lane].resolve, other);
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

/** Distinct agents that were asked on either lane. */
export function countAgents({ lanes }: Pick<Answers, "lanes">): { asked: number; failed: number } {
  const all = LANES.flatMap((lane) => lanes[lane].asked);
  const failed = all.filter(({ attempt }) => attempt.kind === "failed");
  const distinct = (answers: readonly AgentAnswer[]) => new Set(answers.map(({ agent }) => agent.stxAddress)).size;
  return { asked: distinct(all), failed: distinct(failed) };
}
