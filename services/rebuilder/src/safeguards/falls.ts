import type { Lane } from "@standings/balances";

/** Fewer holders than this can lose a token together by chance. */
const MIN_FALLEN = 5;

/** More of a token's holders than this do not part with it between two looks: the upstream lost its data. */
const MAX_FALLEN_SHARE = 0.3;

/** Agents whose last answers a fall is judged against besides this tick's: a few that sell are none among many. */
export const KEPT_ANSWERS = 100;

/** Calls to the other route in one tick. */
export const MAX_WITNESSES = 5;

/** So many witnesses that agree, drawn at random, speak for all: fewer only where fewer pairs are in question. */
const MIN_WITNESSES = 3;

/** Without another route a fall is believed once it was repeated in so many rotations, over at least so long... */
export const ROTATIONS_TO_BELIEVE = 3;
const MIN_REPEATED_MS = 3_600_000;

/** ...and after this long whatever anyone holds. */
export const MAX_FALL_HOLD_MS = 6 * 3_600_000;

/**
 * Of one token: with all three counted tokens so, what the object stores stays below the 2 MB that a value may have. The
 * other pairs of a fall this large are kept too, and judged anew with their next answer.
 */
export const MAX_HELD_PAIRS = 3_000;

/** A holding whose fall to zero is not believed. Times are Unix milliseconds. */
export interface HeldPair {
  agent: string;
  asked: string; // the address that was asked: the agent's Bitcoin address, or its Stacks address
  since: number; // of the first answer without it
  rotations: number; // in which it was zero, since the other route last contradicted the claim
  rotation: number; // the last of them
}

export interface FallHold {
  id: string;
  kind: "fall";
  lane: Lane;
  tokenId: string;
  pairs: HeldPair[];
  since: number;
  seen: number;
}

/** What one complete answer said of the counted tokens that its agent is stored with. */
export interface HolderAnswer {
  agent: string;
  asked: string;
  held: string[]; // token ids with a stored amount above zero
  fell: string[]; // of those, now zero
}

/** The part of an answer that later falls are judged against. */
export type KeptAnswer = Pick<HolderAnswer, "agent" | "held" | "fell">;

export interface Pair {
  lane: Lane;
  agent: string;
  asked: string;
  tokenId: string;
}

/** What the other route said of a pair, base units; a pair without an answer is missing. */
export type Testimony = ReadonlyMap<string, bigint>;

export function toPairKey({ agent, tokenId }: Pick<Pair, "agent" | "tokenId">): string {
  return `${tokenId} ${agent}`;
}

export interface LaneFalls {
  lane: Lane;
  answers: readonly HolderAnswer[]; // of this tick
  kept: readonly KeptAnswer[]; // of the lane's last ticks
  holds: readonly FallHold[]; // of this lane
}

/** Tokens too many of whose holders fell to zero: these falls are a claim, to be confirmed by another route or held. */
export function findClaims({ answers, kept, holds }: Omit<LaneFalls, "lane">): string[] {
  const tokens = [...new Set(answers.flatMap(({ fell }) => fell))].sort();
  const others = withoutAnswered(kept, answers);
  return tokens.filter((tokenId) => {
    if (holds.some((hold) => hold.tokenId === tokenId)) return true; // one more of the same claim
    const all = [...answers, ...others].filter(({ held }) => held.includes(tokenId));
    const fallen = all.filter(({ fell }) => fell.includes(tokenId)).length;
    return fallen >= MIN_FALLEN && fallen > all.length * MAX_FALLEN_SHARE;
  });
}

/**
 * The pairs that the other route is asked about, drawn at random: of each claim in turn, new ones before those that
 * stand, so that no token can use up the witnesses of another.
 */
export function drawWitnesses(lanes: readonly LaneFalls[], random: () => number): Pair[] {
  const pools = lanes.flatMap(({ lane, ...falls }) => {
    const claimed = findClaims(falls);
    const tokens = [...new Set([...claimed, ...falls.holds.map(({ tokenId }) => tokenId)])];
    return tokens.map((tokenId) => {
      const fresh = falls.answers.filter(({ fell }) => fell.includes(tokenId));
      const standing = falls.holds.filter((hold) => hold.tokenId === tokenId).flatMap(({ pairs }) => pairs);
      const asked = new Map([...standing, ...fresh].map((one) => [one.agent, one.asked]));
      const pairs = [...asked].map(([agent, address]): Pair => ({ lane, agent, asked: address, tokenId }));
      return { isNew: standing.length === 0, pairs: shuffle(pairs, random) };
    });
  });
  const inOrder = [...pools.filter(({ isNew }) => isNew), ...pools.filter(({ isNew }) => !isNew)];
  const drawn: Pair[] = [];
  for (let round = 0; drawn.length < MAX_WITNESSES && inOrder.some(({ pairs }) => pairs[round]); round++) {
    drawn.push(...inOrder.flatMap(({ pairs }) => pairs[round] ?? []));
  }
  return drawn.slice(0, MAX_WITNESSES);
}

export interface FallInput extends LaneFalls {
  testimony: Testimony;
  acceptedIds: readonly string[]; // of holds that an operator let through
  rotation: number;
  nowMs: number;
  newId: () => string;
}

export interface FallVerdict {
  holds: FallHold[]; // that stand after this tick
  /** Falls of this tick's answers that are not believed: the stored amount stays. */
  kept: Pair[];
  /** Falls held back so far that are believed now. */
  released: Pair[];
}

/** What to believe of the falls on one lane. Nothing but the pairs in question is ever held back. */
export function judgeFalls(input: FallInput): FallVerdict {
  const claimed = findClaims(input);
  const tokens = [...new Set([...claimed, ...input.holds.map(({ tokenId }) => tokenId)])];
  const verdict: FallVerdict = { holds: [], kept: [], released: [] };
  for (const tokenId of tokens) {
    const one = judgeToken(tokenId, claimed.includes(tokenId), input);
    verdict.holds.push(...one.holds);
    verdict.kept.push(...one.kept);
    verdict.released.push(...one.released);
  }
  return verdict;
}

function judgeToken(tokenId: string, isClaimed: boolean, input: FallInput): FallVerdict {
  const { lane, answers, nowMs } = input;
  const hold = input.holds.find((one) => one.tokenId === tokenId);
  const fallen = isClaimed ? answers.filter(({ fell }) => fell.includes(tokenId)) : [];
  const answered = new Set(answers.filter(({ fell }) => !fell.includes(tokenId)).map(({ agent }) => agent));
  // (a) A pair that answers with a balance again is over, and written like any other answer.
  const standing = (hold?.pairs ?? []).filter(({ agent }) => !answered.has(agent));
  const pairs = withoutContradicted(tokenId, mergePairs(standing, fallen, input), input);
  const isBelieved = (hold !== undefined && input.acceptedIds.includes(hold.id)) || isConfirmed(tokenId, pairs, input);
  const givesAmounts = answers.some(({ held, fell }) => held.some((id) => !fell.includes(id)));
  const stays = (pair: HeldPair) => !isBelieved && !isPairBelieved(pair, tokenId, givesAmounts, input);
  const unbelieved = pairs.filter(stays);
  const heldAgents = new Set(unbelieved.map(({ agent }) => agent));
  const fallenAgents = new Set(fallen.map(({ agent }) => agent));
  const toPair = ({ agent, asked }: { agent: string; asked: string }): Pair => ({ lane, agent, asked, tokenId });
  const next: FallHold = {
    id: hold?.id ?? `fall-${tokenId.split(".").at(-1)}-${input.newId().slice(0, 8)}`,
    kind: "fall",
    lane,
    tokenId,
    pairs: unbelieved.slice(0, MAX_HELD_PAIRS),
    since: hold?.since ?? nowMs,
    seen: fallen.length > 0 ? nowMs : (hold?.seen ?? nowMs),
  };
  return {
    holds: unbelieved.length > 0 ? [next] : [],
    kept: fallen.filter(({ agent }) => heldAgents.has(agent)).map(toPair),
    released: standing.filter(({ agent }) => !heldAgents.has(agent) && !fallenAgents.has(agent)).map(toPair),
  };
}

function mergePairs(
  standing: readonly HeldPair[],
  fallen: readonly HolderAnswer[],
  { rotation, nowMs }: FallInput,
): HeldPair[] {
  // A clock that was set back makes no hold last longer.
  const pairs = new Map(standing.map((pair) => [pair.agent, { ...pair, since: Math.min(pair.since, nowMs) }]));
  for (const { agent, asked } of fallen) {
    const pair = pairs.get(agent);
    if (pair?.asked !== asked) pairs.set(agent, { agent, asked, since: nowMs, rotations: 1, rotation });
    else if (pair.rotation !== rotation) pairs.set(agent, { ...pair, rotations: pair.rotations + 1, rotation });
  }
  return [...pairs.values()];
}

/** While the other route says that any of the pairs has a balance, repeating their zeros proves nothing: the count begins anew. */
function withoutContradicted(tokenId: string, pairs: HeldPair[], { testimony }: FallInput): HeldPair[] {
  const isContradicted = toHeard(tokenId, pairs, testimony).some((amount) => amount > 0n);
  return isContradicted ? pairs.map((pair) => ({ ...pair, rotations: 0 })) : pairs;
}

function toHeard(tokenId: string, pairs: readonly HeldPair[], testimony: Testimony): bigint[] {
  return pairs.flatMap(({ agent }) => testimony.get(toPairKey({ agent, tokenId })) ?? []);
}

/** (b) The other route says zero of every pair that was drawn, and of enough of them to speak for all. */
function isConfirmed(tokenId: string, pairs: readonly HeldPair[], { testimony }: FallInput): boolean {
  const heard = toHeard(tokenId, pairs, testimony);
  return heard.length >= Math.min(MIN_WITNESSES, pairs.length) && heard.every((amount) => amount === 0n);
}

function isPairBelieved(
  pair: HeldPair,
  tokenId: string,
  givesAmounts: boolean,
  { testimony, nowMs }: FallInput,
): boolean {
  const heldMs = nowMs - pair.since;
  if (heldMs >= MAX_FALL_HOLD_MS) return true; // (d)
  const said = testimony.get(toPairKey({ agent: pair.agent, tokenId }));
  if (said !== undefined) return said === 0n;
  // (c) Zero again and again, while the lane gives others amounts of counted tokens: the host has its data.
  return pair.rotations >= ROTATIONS_TO_BELIEVE && heldMs >= MIN_REPEATED_MS && givesAmounts;
}

/** Since when a holding of the agent is kept by these holds; null = none is. */
export function toHeldSince(holds: readonly FallHold[], agent: string): number | null {
  const times = holds.flatMap(({ pairs }) => pairs.flatMap((pair) => (pair.agent === agent ? [pair.since] : [])));
  return times.length === 0 ? null : Math.min(...times);
}

/** What is held back, in words. */
export function describeFallHold({ tokenId, pairs }: FallHold): string {
  const agents = pairs.length === 1 ? "1 agent" : `${pairs.length} agents`;
  return `${agents} fell to zero ${tokenId} together; their last amounts stay`;
}

/** The lane's newest answers about holders, to judge later falls against: one an agent. */
export function keepAnswers(kept: readonly KeptAnswer[], answers: readonly HolderAnswer[]): KeptAnswer[] {
  const holders = answers.filter(({ held }) => held.length > 0);
  const fresh = holders.map(({ agent, held, fell }) => ({ agent, held, fell }));
  return [...withoutAnswered(kept, answers), ...fresh].slice(-KEPT_ANSWERS);
}

/** What agents said before is no news beside what they say now: it would outvote them where few agents are. */
function withoutAnswered(kept: readonly KeptAnswer[], answers: readonly HolderAnswer[]): KeptAnswer[] {
  const answered = new Set(answers.map(({ agent }) => agent));
  return kept.filter(({ agent }) => !answered.has(agent));
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[at]] = [shuffled[at] as T, shuffled[last] as T];
  }
  return shuffled;
}
