import { BTC, LANES, type Lane, SBTC, type TokenBalance } from "@standings/balances";
import type { AcceptedPrice, TickWrites } from "@standings/db";
import {
  drawWitnesses,
  type FallHold,
  type FallVerdict,
  type HolderAnswer,
  judgeFalls,
  type KeptAnswer,
  keepAnswers,
  type LaneFalls,
  type Pair,
  type Testimony,
  toHeldSince,
} from "../safeguards/falls.ts";
import { judgePrice, NEW_PRICE_MEMORY, type PriceHold, toPriceMemory } from "../safeguards/price-jump.ts";
import type { AgentAnswer } from "./ask-lane.ts";
import type { Answers } from "./fetch.ts";
import type { Hold, Memory, State } from "./memory.ts";
import { type PairWrite, toPairWrite } from "./pair-write.ts";
import type { Plan } from "./plan.ts";

export interface Judging {
  nowMs: number;
  newId(): string;
}

/** What to write, what to hold back, and what to remember: everything a tick decides, before anything is written. */
export interface Verdict {
  pairs: PairWrite[]; // in address order; a lane's own pairs in the order they were asked
  releases: TickWrites["releases"][number][];
  prices: { accepted: AcceptedPrice[]; memory: State["prices"]; problems: Record<string, string> };
  holds: Hold[];
  begun: Hold[];
  ended: Hold[];
  kept: State["kept"];
  changesRanking: boolean; // a value that readers see: amounts, prices, names, marks
}

/** The pairs that another route is to be asked about before anything is believed of them. */
export function findWitnesses(answers: Answers, plan: Plan, memory: Memory, random: () => number): Pair[] {
  return drawWitnesses(
    LANES.map((lane) => toLaneFalls(lane, answers, plan, memory)),
    random,
  );
}

/** Pure: answers and testimony in, everything the tick does about them out. */
export function judge(answers: Answers, testimony: Testimony, plan: Plan, memory: Memory, judging: Judging): Verdict {
  const falls = {
    stacks: judgeLaneFalls("stacks", answers, testimony, plan, memory, judging),
    bitcoin: judgeLaneFalls("bitcoin", answers, testimony, plan, memory, judging),
  };
  const prices = judgePrices(answers, plan, memory, judging);
  const pairs = LANES.flatMap((lane) =>
    answers.lanes[lane].asked.map((answer) => toPairWrite(lane, answer, falls[lane].verdict, plan)),
  ).sort(byAddress);
  const releases = LANES.flatMap((lane) => toReleases(falls[lane].verdict, judging.nowMs));
  const holds: Hold[] = [
    ...falls.stacks.verdict.holds,
    ...falls.bitcoin.verdict.holds,
    ...(plan.roster.hold ? [plan.roster.hold] : []),
    ...prices.holds,
  ];
  const before = memory.state.holds;
  return {
    pairs,
    releases,
    prices,
    holds,
    begun: holds.filter(({ id }) => !before.some((hold) => hold.id === id)),
    ended: before.filter(({ id }) => !holds.some((hold) => hold.id === id)),
    kept: { stacks: falls.stacks.kept, bitcoin: falls.bitcoin.kept },
    changesRanking:
      plan.roster.change !== null ||
      releases.length > 0 ||
      pairs.some((pair) => pair.changesRanking) ||
      prices.accepted.some((price) => isNewPrice(price, plan.lastGoodPrices)),
  };
}

function judgeLaneFalls(
  lane: Lane,
  answers: Answers,
  testimony: Testimony,
  plan: Plan,
  memory: Memory,
  { nowMs, newId }: Judging,
): { verdict: FallVerdict; kept: KeptAnswer[] } {
  const falls = toLaneFalls(lane, answers, plan, memory);
  const { acceptedIds } = memory.control;
  const { rotation } = plan.lanes[lane].place;
  const verdict = judgeFalls({ ...falls, testimony, acceptedIds, rotation, nowMs, newId });
  return { verdict, kept: keepAnswers(falls.kept, falls.answers) };
}

function toLaneFalls(lane: Lane, { lanes }: Answers, plan: Plan, { state }: Memory): LaneFalls {
  const isOwn = (hold: Hold): hold is FallHold => hold.kind === "fall" && hold.lane === lane;
  return {
    lane,
    answers: lanes[lane].asked.flatMap((answer) => toHolderAnswer(lane, answer, plan) ?? []),
    kept: state.kept[lane],
    holds: state.holds.filter(isOwn).map((hold) => withoutLeft(hold, plan)),
  };
}

/** Who left the roster, or gave another address, has nothing to be held back any more. */
function withoutLeft(hold: FallHold, { roster: { change } }: Plan): FallHold {
  if (!change) return hold;
  const removed = new Set(change.removed);
  const addresses = new Map(change.upserts.map((agent) => [agent.stx_address, agent.btc_address]));
  const stays = ({ agent, asked }: FallHold["pairs"][number]) =>
    !removed.has(agent) && (hold.tokenId !== BTC || (addresses.get(agent) ?? asked) === asked);
  return { ...hold, pairs: hold.pairs.filter(stays) };
}

/** What a complete answer says of the counted tokens that are stored of its agent. */
function toHolderAnswer(lane: Lane, { agent, attempt }: AgentAnswer, plan: Plan): HolderAnswer | undefined {
  const stored = plan.stored.agents.get(agent.stxAddress);
  if (attempt.kind !== "fetched" || !stored) return undefined;
  // What is stored of another address says nothing about this one.
  if (lane === "bitcoin" && stored.btcAddress !== agent.btcAddress) return undefined;
  const amounts = new Map(attempt.value.balances.map((balance: TokenBalance) => [balance.tokenId, balance.rawAmount]));
  const held = [...stored.tokens].flatMap(([tokenId, raw]) => {
    const isOwn = (tokenId === BTC) === (lane === "bitcoin") && plan.stored.countedTokens.has(tokenId);
    return isOwn && raw !== "0" ? [tokenId] : [];
  });
  const fell = held.filter((tokenId) => (amounts.get(tokenId) ?? 0n) === 0n);
  return { agent: agent.stxAddress, asked: lane === "bitcoin" ? agent.btcAddress : agent.stxAddress, held, fell };
}

function toReleases({ released, holds }: FallVerdict, nowMs: number): Verdict["releases"] {
  return released.map(({ lane, agent, tokenId }) => ({
    agent,
    lane,
    tokenId,
    at: nowMs,
    stillHeldSince: toHeldSince(holds, agent),
  }));
}

interface PricesVerdict {
  accepted: AcceptedPrice[];
  memory: State["prices"];
  problems: Record<string, string>;
  holds: PriceHold[];
}

function judgePrices({ quotes }: Answers, plan: Plan, { state, control }: Memory, { nowMs, newId }: Judging) {
  const memory = withTimes(state.prices, plan.lastGoodPrices);
  const verdict: PricesVerdict = { accepted: [], memory, problems: {}, holds: [] };
  for (const [tokenId, tokenQuotes] of Object.entries(quotes)) {
    const lastGood = plan.lastGoodPrices.find((price) => price.tokenId === tokenId);
    const memory = state.prices[tokenId] ?? NEW_PRICE_MEMORY;
    const hold = state.holds.find((one): one is PriceHold => one.kind === "price" && one.tokenId === tokenId);
    const isAccepted = hold !== undefined && control.acceptedIds.includes(hold.id);
    const one = judgePrice({ tokenId, lastGood, memory, hold, isAccepted, quotes: tokenQuotes, nowMs, newId });
    if (one.hold) verdict.holds.push(one.hold);
    // sBTC is priced as BTC: its own market is thin, and the peg is what it stands for.
    for (const id of tokenId === BTC ? [BTC, SBTC] : [tokenId]) {
      if (one.problem !== null) verdict.problems[id] = one.problem;
      if (!one.accepted) continue;
      const { price, confirmedBy } = one.accepted;
      verdict.accepted.push({ tokenId: id, ...price });
      verdict.memory[id] = toPriceMemory(state.prices[id] ?? NEW_PRICE_MEMORY, price, confirmedBy, nowMs);
    }
  }
  return verdict;
}

/** What the database knows of prices that this memory is older than: their age is judged by it between ticks. */
function withTimes(memories: State["prices"], known: readonly AcceptedPrice[]): State["prices"] {
  const missing = known.filter(({ tokenId }) => (memories[tokenId]?.pricedAt ?? null) === null);
  const completed = missing.map(({ tokenId, pricedAt }) => {
    return [tokenId, { ...(memories[tokenId] ?? NEW_PRICE_MEMORY), pricedAt }] as const;
  });
  return { ...memories, ...Object.fromEntries(completed) };
}

function isNewPrice({ tokenId, priceUsd }: AcceptedPrice, known: readonly AcceptedPrice[]): boolean {
  return known.find((price) => price.tokenId === tokenId)?.priceUsd !== priceUsd;
}

/** Lanes that ask the same agents write one row of both. Within a lane the order stays as asked: it is the address. */
function byAddress(a: PairWrite, b: PairWrite): number {
  if (a.agent !== b.agent) return a.agent < b.agent ? -1 : 1;
  return LANES.indexOf(a.lane) - LANES.indexOf(b.lane);
}
