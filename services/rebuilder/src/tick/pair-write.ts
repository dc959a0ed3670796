import { BTC, describeFailure, type Lane } from "@standings/balances";
import { FALL_HELD, type TickWrites } from "@standings/db";
import { type FallVerdict, toHeldSince } from "../safeguards/falls.ts";
import type { AgentAnswer } from "./ask-lane.ts";
import type { Plan } from "./plan.ts";

/** What one answer about one agent on one lane writes: the part of a commit that is never halved. */
export interface PairWrite {
  lane: Lane;
  agent: string; // Stacks address
  answer: TickWrites["answers"][number];
  upserts: TickWrites["upserts"][number][];
  deletes: TickWrites["deletes"][number][];
  newTokens: TickWrites["newTokens"][number][];
  changesRanking: boolean;
}

/** Why an agent's own rows were refused, as stored with its fetch. */
const REFUSED_BY_DATABASE = "refused-by-database";

/**
 * A complete answer is the whole truth about its lane: what changed is written, what it no longer names is zero (counted
 * tokens) or gone (all others). Falls that are held back keep what is stored. A failure only marks the attempt.
 */
export function toPairWrite(
  lane: Lane,
  { agent, attempt, at }: AgentAnswer,
  falls: FallVerdict,
  plan: Plan,
): PairWrite {
  const stored = plan.stored.agents.get(agent.stxAddress);
  const asked = lane === "bitcoin" ? agent.btcAddress : agent.stxAddress;
  const { rotation } = plan.lanes[lane].place;
  const before = stored?.[lane];
  const base = { lane, agent: agent.stxAddress };
  const answer = { ...base, asked, at, rotation };
  if (attempt.kind === "failed") {
    const error = describeFailure(attempt);
    return {
      ...base,
      answer: { ...answer, error, leftOut: null, heldSince: before?.heldSince ?? null },
      upserts: [],
      deletes: [],
      newTokens: [],
      changesRanking: before === undefined || before.error === null,
    };
  }
  const { provider, balances, leftOut } = attempt.value;
  const kept = falls.kept.filter((pair) => pair.agent === agent.stxAddress);
  const isKept = (tokenId: string) => kept.some((pair) => pair.tokenId === tokenId);
  const known = stored?.tokens ?? new Map<string, string>();
  const isCounted = (tokenId: string) => plan.stored.countedTokens.has(tokenId);
  const changed = balances.filter(({ tokenId, rawAmount }) => {
    return known.get(tokenId) !== rawAmount.toString() && !isKept(tokenId);
  });
  const named = new Set(balances.map(({ tokenId }) => tokenId));
  const gone = [...known.keys()].filter(
    (tokenId) => (tokenId === BTC) === (lane === "bitcoin") && !named.has(tokenId) && !isCounted(tokenId),
  );
  // Kept past what a hold remembers, it is marked all the same.
  const heldSince = toHeldSince(falls.holds, agent.stxAddress) ?? (kept.length > 0 ? at : null);
  const error = heldSince === null ? null : FALL_HELD;
  return {
    ...base,
    answer: { ...answer, error, leftOut: lane === "stacks" ? leftOut : null, heldSince },
    upserts: changed.map(({ tokenId, rawAmount }) => {
      return { agent: agent.stxAddress, tokenId, raw: rawAmount.toString(), at, provider, asked };
    }),
    deletes: gone.map((tokenId) => ({ agent: agent.stxAddress, tokenId, asked })),
    newTokens: changed.filter(({ tokenId }) => !isCounted(tokenId)).map(({ tokenId, symbol }) => ({ tokenId, symbol })),
    changesRanking:
      changed.length + gone.length > 0 ||
      before === undefined ||
      before.goodAt === null ||
      (before.error === null) !== (error === null),
  };
}

/** The same answer without its rows, which the database does not take: marked, so that it is not lost silently. */
export function toRefusedWrite(pair: PairWrite): PairWrite {
  const answer = { ...pair.answer, error: REFUSED_BY_DATABASE, leftOut: null };
  return { ...pair, answer, upserts: [], deletes: [], newTokens: [], changesRanking: true };
}
