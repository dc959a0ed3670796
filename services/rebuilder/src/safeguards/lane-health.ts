import type { LaneHealth } from "../contract/freshness.ts";

/** Bad answers in a row that rest a lane: with one call in three failing at random, ten in a row are 1 in 59,000. */
export const BAD_ANSWERS_TO_REST = 10;

/** Agents that a probing lane asks, one at a time, before it rests again. */
export const PROBES_PER_TICK = 3;

/** Agents known to fail by themselves; more than this at once are the host's trouble after all. */
export const MAX_SUSPECTS = 200;

/** The slow interval is never longer: a clock that was set back leaves rests further ahead. */
const MAX_REST_MS = 24 * 3_600_000;

/** What is remembered of a lane's host, judged by whole answers about agents. Times are Unix milliseconds. */
export interface LaneMemory {
  health: LaneHealth;
  since: number | null; // of that health; null = from the beginning
  until: number | null; // when a rest ends
  why: string | null; // the last failure's cause while the lane is not well
  goodAt: number | null; // last complete answer
  streak: string[]; // agents whose answers were bad, in a row, without a good one
  suspects: string[]; // agents that failed in a row while another one was answered: theirs are no failures of the host
  waited: number; // ticks in a row that the lane waited for the other
}

export const NEW_LANE: LaneMemory = {
  health: "well",
  since: null,
  until: null,
  why: null,
  goodAt: null,
  streak: [],
  suspects: [],
  waited: 0,
};

/** good, bad: a whole answer. worn: too many bad ones in a row. rested: the rest's time is over. */
export type LaneEvent = "good" | "bad" | "worn" | "rested";

/** A good answer that was under way when the lane began to rest does not end the rest: that is for a probe to do. */
export const TRANSITIONS: Record<LaneHealth, Record<LaneEvent, LaneHealth>> = {
  well: { good: "well", bad: "well", worn: "resting", rested: "well" },
  resting: { good: "resting", bad: "resting", worn: "resting", rested: "probing" },
  probing: { good: "well", bad: "probing", worn: "resting", rested: "probing" },
};

/** A rest ends by time, whether or not anyone needs the host: also one further ahead than any rest, or not begun yet. */
export function beginTurn(lane: LaneMemory, nowMs: number): LaneMemory {
  const until = lane.until ?? 0;
  const isOver = until <= nowMs || until > nowMs + MAX_REST_MS || (lane.since ?? 0) > nowMs;
  return lane.health === "resting" && isOver ? move(lane, "rested", nowMs) : lane;
}

/**
 * After a complete answer. When a probe elsewhere is answered while a row of agents was not, those agents failed by
 * themselves: they are remembered, so that a stranger who registers ten bad neighbours cannot rest the lane for ever.
 */
export function afterGood(lane: LaneMemory, agent: string, nowMs: number): LaneMemory {
  const moved = move(lane, "good", nowMs);
  const isProbe = lane.health === "probing";
  const blamed = isProbe && !lane.streak.includes(agent) ? lane.streak : [];
  const suspects = [...new Set([...lane.suspects.filter((one) => one !== agent), ...blamed])].slice(-MAX_SUSPECTS);
  return {
    ...moved,
    goodAt: nowMs,
    suspects,
    streak: moved.health === "well" ? [] : lane.streak,
    why: moved.health === "well" ? null : lane.why,
  };
}

/** After an answer that was no use: network, server error, wrong shape, implausible, or a refusal. */
export function afterBad(lane: LaneMemory, agent: string, cause: string, restMs: number, nowMs: number): LaneMemory {
  if (lane.suspects.includes(agent)) return lane;
  // While resting or probing the row that began the rest stands: it says whom the next probe may clear.
  if (lane.health !== "well") return { ...move(lane, "bad", nowMs), why: cause };
  const streak = [...lane.streak, agent].slice(-BAD_ANSWERS_TO_REST);
  const worn = streak.length >= BAD_ANSWERS_TO_REST;
  return worn ? rest({ ...lane, streak }, cause, restMs, nowMs) : { ...move(lane, "bad", nowMs), streak };
}

/** Back to rest: ten bad answers in a row, or a tick's probes without a good one. */
export function rest(lane: LaneMemory, cause: string, restMs: number, nowMs: number): LaneMemory {
  return { ...move(lane, "worn", nowMs), until: nowMs + restMs, why: cause };
}

function move(lane: LaneMemory, event: LaneEvent, nowMs: number): LaneMemory {
  const health = TRANSITIONS[lane.health][event];
  if (health === lane.health) return lane;
  return { ...lane, health, since: nowMs, until: null };
}
