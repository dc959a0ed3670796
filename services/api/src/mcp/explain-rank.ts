import type { Agent, AgentAnswer, Dashboard } from "../ranking/schema.ts";
import { WHY_NOT_COUNTED } from "../ranking/uncounted.ts";
import type { ExplainRank } from "./schema.ts";

const RULE =
  "Agents are ranked by the sum of their BTC, STX and sBTC, valued with the one set of prices of the ranking, largest first; a tie goes to the Stacks address that sorts first.";

/** Why an agent stands where it stands. `nearby` is the part of the same ranking with the agent and its neighbours. */
export function explainRank(agent: AgentAnswer, nearby: Dashboard | undefined): ExplainRank {
  const { tokens, prices: _, cachedAt, level: _level, levelName: _levelName, ...facts } = agent;
  const find = (rank: number) => nearby?.agents.find((candidate) => candidate.rank === rank);
  const above = agent.rank === null ? undefined : find(agent.rank - 1);
  const below = agent.rank === null ? undefined : find(agent.rank + 1);
  const of = nearby?.stats.total ?? 0;
  return {
    ...facts,
    asOf: cachedAt,
    of,
    summary: summarize(agent, of, above),
    counted: tokens
      .filter((token) => token.counted)
      .map(({ symbol, contract, amount, priceUsd, usdValue }) => ({
        symbol,
        ...(contract !== undefined && { contract }),
        amount,
        priceUsd,
        usdValue,
        sharePercent: toSharePercent(usdValue, agent.totalUsd),
      })),
    notCounted: tokens
      .filter((token) => !token.counted)
      .map(({ symbol, contract, amount, decimalsKnown, reason = "unlisted" }) => ({
        symbol,
        ...(contract !== undefined && { contract }),
        amount,
        decimalsKnown,
        reason,
        why: WHY_NOT_COUNTED[reason],
      })),
    above: above ? toNeighbour(above, agent) : null,
    below: below ? toNeighbour(below, agent) : null,
    rule: RULE,
  };
}

function summarize(agent: AgentAnswer, of: number, above: Agent | undefined): string {
  const name = agent.displayName ?? agent.bnsName ?? agent.stxAddress;
  if (agent.rank === null) {
    return `${name} is registered and not ranked yet: an agent is ranked once each of its sources has answered, since what is unknown is not counted as zero.`;
  }
  const place = `${name} is rank ${agent.rank} of ${of} with ${agent.totalUsd} US dollars`;
  const gap = above && toGapUsd(above, agent);
  const why =
    gap === undefined
      ? "the largest total of the ranking"
      : gap === 0
        ? `the same as rank ${agent.rank - 1}, whose Stacks address sorts first`
        : `${gap} less than rank ${agent.rank - 1}`;
  const caveat = agent.fetchError ? " A source failed at the last attempt: these are the last good values." : "";
  return `${place}, ${why}.${caveat}`;
}

function toNeighbour(neighbour: Agent, agent: AgentAnswer): NonNullable<ExplainRank["above"]> {
  const { stxAddress, displayName, rank, totalUsd } = neighbour;
  return { rank, stxAddress, displayName, totalUsd, gapUsd: toGapUsd(neighbour, agent) };
}

/** Totals are exact to the micro-dollar; their difference as a number is not. */
function toGapUsd(a: { totalUsd: number }, b: { totalUsd: number }): number {
  return Math.round(Math.abs(a.totalUsd - b.totalUsd) * 1e6) / 1e6;
}

function toSharePercent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(100, Math.round((part / whole) * 10_000) / 100);
}
