import { COINS } from "@standings/balances";
import type { NewPublication } from "@standings/db";
import type { Verdict } from "./judge.ts";
import { highestRotation } from "./lanes.ts";
import type { Memory } from "./memory.ts";
import type { Plan } from "./plan.ts";

/** Publishing writes two rows an agent: up to here with every change, above it once a rotation. */
export const MAX_AGENTS_TO_PUBLISH_EVERY_TICK = 1_000;

export interface PublishInput {
  plan: Plan;
  verdict: Verdict;
  memory: Memory;
  endsRotation: boolean; // of either lane
  goodAnswers: number; // since the newest publication, this tick's included
}

/** Why nothing can be published yet; null = nothing stands in the way. */
export function whyNotPublishable({ plan, verdict }: Pick<PublishInput, "plan" | "verdict">): string | null {
  if (plan.place.agents === 0) return plan.roster.memory.problem ?? "the roster is empty";
  const priced = new Set([...plan.lastGoodPrices, ...verdict.prices.accepted].map(({ tokenId }) => tokenId));
  const unpriced = COINS.filter((tokenId) => !priced.has(tokenId));
  if (unpriced.length === 0) return null;
  const why = unpriced.map((tokenId) => `${tokenId} (${verdict.prices.problems[tokenId] ?? "not asked for"})`);
  return `no price is known of ${why.join(" and ")}`;
}

/**
 * Whether a tick publishes: when a value that readers see has changed, and otherwise once a rotation that brought good
 * answers. An unknown price is not a zero, and an empty roster is not a ranking of nobody.
 */
export function shouldPublish(input: PublishInput): boolean {
  const { plan, verdict, memory, endsRotation, goodAnswers } = input;
  if (whyNotPublishable(input) !== null) return false;
  if (!plan.hasPublication) return true;
  const isDue = endsRotation && goodAnswers > 0;
  const isOwed = memory.state.journal.publishing.owed; // what an earlier tick could not publish
  const isSmall = plan.place.agents <= MAX_AGENTS_TO_PUBLISH_EVERY_TICK;
  return isDue || ((verdict.changesRanking || isOwed) && isSmall);
}

/** The next version is above what the database and the object know: none is ever used twice. */
export function toPublication(plan: Plan, staleAfter: number): Omit<NewPublication, "epoch" | "publishedAt"> {
  return {
    version: plan.version + 1,
    rotation: Math.max(plan.highestRotation, highestRotation(plan.place)),
    staleAfter,
  };
}
