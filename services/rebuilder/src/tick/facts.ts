import { COINS, LANES, type Lane } from "@standings/balances";
import type { AcceptedPrice } from "@standings/db";
import type { Config } from "../config.ts";
import type { FreshnessFacts } from "../contract/freshness.ts";
import { describeHold } from "../safeguards/describe-hold.ts";
import type { LaneMemory } from "../safeguards/lane-health.ts";
import { planChunkSize, toEvenChunk, toTicks } from "./chunk.ts";
import { toHealthyMs } from "./interval.ts";
import { type Control, type Hold, isPaused, type Memory } from "./memory.ts";

/** The ages are counted anew with a publication, and otherwise no more often than this: it reads every agent. */
export const COUNT_AGES_EVERY_MS = 5 * 60_000;

export interface FactsInput {
  tickAt: number | null;
  nextTickAt: number | null;
  startedAt: number | null;
  agents: number;
  chunkSize: number;
  lanes: Record<Lane, LaneMemory>;
  prices: readonly Pick<AcceptedPrice, "tokenId" | "pricedAt">[];
  holds: readonly Hold[];
  control: Control;
  paceMs: number; // the interval that monthly budgets ask for; 0 = none does
  waitingFor: string | null;
  nowMs: number;
  config: Config;
}

/** What readers judge the age of the data by. */
export function toFacts(input: FactsInput): FreshnessFacts {
  const { agents, chunkSize, lanes, control, nowMs, config } = input;
  const ticks = toTicks(agents, chunkSize);
  const rotationMs = ticks * toHealthyMs(ticks, config);
  const laneFacts = Object.fromEntries(
    LANES.map((lane) => {
      const { health, since, until, why, goodAt } = lanes[lane];
      return [lane, { health, since, until, why, goodAt }];
    }),
  ) as FreshnessFacts["lanes"];
  return {
    tickAt: input.tickAt,
    nextTickAt: input.nextTickAt,
    agents,
    lanes: laneFacts,
    prices: Object.fromEntries(
      input.prices.filter(({ tokenId }) => COINS.includes(tokenId)).map(({ tokenId, pricedAt }) => [tokenId, pricedAt]),
    ),
    holds: input.holds.map((hold) => {
      const { subject, detail } = describeHold(hold);
      return { id: hold.id, kind: hold.kind, subject, detail, since: hold.since };
    }),
    paused: isPaused(control, nowMs) ? control.paused : null,
    rotationMs,
    budgetRotationMs: Math.max(rotationMs, ticks * input.paceMs),
    startedAt: input.startedAt,
    waitingFor: input.waitingFor,
  };
}

/** The facts between ticks: after an action of an operator, or for a publication apart. */
export function toFactsNow(
  { state, control }: Pick<Memory, "state" | "control">,
  config: Config,
  { nowMs, alarmAt }: { nowMs: number; alarmAt: number | null },
): FreshnessFacts {
  const { place, lanes, holds, journal, upstreams } = state;
  const agents = place?.agents ?? 0;
  const prices = COINS.flatMap((tokenId) => {
    const pricedAt = state.prices[tokenId]?.pricedAt ?? null;
    return pricedAt === null ? [] : [{ tokenId, pricedAt }];
  });
  return toFacts({
    tickAt: journal.committedAt,
    nextTickAt: alarmAt,
    startedAt: journal.startedAt,
    agents,
    chunkSize: toEvenChunk(agents, planChunkSize({ ...config, hiro: upstreams.hiro.version })),
    lanes,
    prices,
    holds,
    control,
    paceMs: journal.paceMs,
    waitingFor: journal.waitingFor,
    nowMs,
    config,
  });
}
