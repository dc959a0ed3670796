import { LANES, type Lane } from "@standings/balances";
import { z } from "zod";

// What is known of the age of the data: stored as facts and times, judged by judgeFreshness() alone.

export { LANES, type Lane };

export const LANE_HEALTHS = ["well", "resting", "probing"] as const;
export type LaneHealth = (typeof LANE_HEALTHS)[number];

export const HOLD_KINDS = ["fall", "roster", "price"] as const;
export type HoldKind = (typeof HOLD_KINDS)[number];

export const FRESHNESS_STATUSES = ["ok", "degraded", "stale", "starting", "unreachable"] as const;
export type FreshnessStatus = (typeof FRESHNESS_STATUSES)[number];

/** Stable names: logs, metrics and alerts carry them. */
export const REASON_CODES = [
  "unreachable", // the database does not answer
  "not-published", // nothing has been published yet
  "no-tick", // no tick has committed for too long
  "lane-stale", // half of a lane's agents were last good too long ago
  "lane-silent", // a lane without one complete answer for longer than a rotation
  "lane-aging", // a tenth of a lane's agents is older than three rotations
  "lane-failing", // too many ranked agents failed at a lane's last attempt
  "price-old", // the price of a coin is old
  "hold", // a claim is held back
  "paused", // an operator paused the rebuild
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

const time = z.number();
const laneFacts = z.object({
  health: z.enum(LANE_HEALTHS),
  since: time.nullable(), // of that health
  until: time.nullable(), // when a rest ends
  why: z.string().nullable(), // the last failure's cause while the lane is not well
  goodAt: time.nullable(), // last complete answer; null = never
});

/** The facts that every tick's batch writes, as JSON. Times are Unix milliseconds. */
export const freshnessFacts = z.object({
  tickAt: time.nullable(), // last committed tick
  nextTickAt: time.nullable(), // the alarm as last set
  agents: z.number(), // in the roster
  lanes: z.object({ stacks: laneFacts, bitcoin: laneFacts }),
  prices: z.record(z.string(), time), // coin's token id -> when its price was true; a coin without a price is missing
  holds: z.array(
    z.object({ id: z.string(), kind: z.enum(HOLD_KINDS), subject: z.string(), detail: z.string(), since: time }),
  ),
  paused: z.object({ since: time, until: time.nullable(), reason: z.string().nullable() }).nullable(),
  rotationMs: z.number(), // of a rotation at the unstretched interval
  budgetRotationMs: z.number(), // at the interval that monthly budgets ask for; = rotationMs without budgets
  startedAt: time.nullable(), // when this rebuild began; bounds "never" for what has not answered yet
  waitingFor: z.string().nullable(), // why nothing can be published yet; null = nothing stands in the way
});
export type FreshnessFacts = z.infer<typeof freshnessFacts>;

/** What SQL counts over the ranked agents, with a publication or every few minutes. null = nobody is ranked. */
export interface LaneAges {
  tenthAt: number | null; // a tenth of the agents were last good before this time
  halfAt: number | null; // half of them
  failed: number; // agents that failed at the lane's last attempt
}

export interface FreshnessRow {
  writtenAt: number;
  facts: FreshnessFacts | null; // null = not readable
  ranked: number;
  countedAt: number | null;
  ages: Record<Lane, LaneAges>;
}

export interface Reason {
  code: ReasonCode;
  subject: string | null; // the lane, the hold's id, the token, ...
  since: number | null; // Unix milliseconds; null = unknown
  why: string; // one sentence
  /** What to do: words of the ops command line without its --url, and when to use them. null = it ends by itself. */
  action: { command: string; when: string } | null;
}

export interface Freshness {
  status: FreshnessStatus;
  since: number | null; // of the oldest reason
  reasons: Reason[];
}
