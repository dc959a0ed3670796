import { LANES, type Lane } from "@standings/balances";
import type { RosterPlace } from "@standings/db";
import { z } from "zod";
import type { LaneMemory } from "../safeguards/lane-health.ts";
import { toTicks } from "./chunk.ts";
import type { LanePlace, Place } from "./memory.ts";

export const NEW_LANE_PLACE: LanePlace = {
  rotation: 0,
  isOpen: false,
  cursor: "",
  processed: 0,
  total: 0,
  startedAt: null,
};

const lanePlace = z.object({
  rotation: z.number(),
  isOpen: z.boolean(),
  cursor: z.string(),
  processed: z.number(),
  total: z.number(),
  startedAt: z.number().nullable(),
});
export const placeSchema = z.object({ agents: z.number(), resets: z.number(), stacks: lanePlace, bitcoin: lanePlace });

/** The place in a row of tick_commits. Undefined when an older release wrote the row, or it cannot be read. */
export function parsePlace(text: string | null): Place | undefined {
  if (text === null) return undefined;
  try {
    return placeSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // as good as none: both lanes begin a new rotation
  }
}

/** Nobody knows where the lanes stand: both begin anew, numbered above every rotation that anyone knows. */
export function toUnknownPlace(highestRotation: number, agents: number, resets: number): Place {
  const place = { ...NEW_LANE_PLACE, rotation: highestRotation };
  return { agents, resets, stacks: place, bitcoin: place };
}

/** The rotations that operators asked to leave are over, wherever they stand. */
export function endIfReset(place: Place, resets: number): Place {
  if (place.resets === resets) return place;
  const end = (lane: LanePlace): LanePlace => ({ ...lane, isOpen: false, cursor: "" });
  return { ...place, resets, stacks: end(place.stacks), bitcoin: end(place.bitcoin) };
}

/** A new rotation, numbered above every one that the lane ever had. */
export function beginRotation(place: LanePlace, highestRotation: number, total: number, nowMs: number): LanePlace {
  const rotation = Math.max(place.rotation, highestRotation) + 1;
  return { rotation, isOpen: true, cursor: "", processed: 0, total, startedAt: nowMs };
}

/** The place after so many agents of the turn, in order. */
export function advance(
  place: LanePlace,
  asked: readonly Pick<RosterPlace, "stxAddress">[],
  endsRotation: boolean,
): LanePlace {
  const last = asked.at(-1);
  const processed = place.processed + asked.length;
  if (endsRotation) return { ...place, processed, isOpen: false, cursor: "" };
  return { ...place, processed, cursor: last?.stxAddress ?? place.cursor };
}

/**
 * Whether a lane that has ended its rotation waits for the other, so that both ask the same agents again: at most one
 * rotation, and only while the other is well and on its way. Where the other has only begun, both are together already.
 */
export function waitsForOther(
  lanes: Record<Lane, { place: LanePlace; memory: LaneMemory; isGated: boolean }>,
  lane: Lane,
  size: { agents: number; chunkSize: number },
): boolean {
  const own = lanes[lane];
  const other = lanes[lane === "stacks" ? "bitcoin" : "stacks"];
  const isWell = ({ memory, isGated }: (typeof lanes)[Lane]) => memory.health === "well" && !isGated;
  if (own.place.isOpen || !other.place.isOpen || other.place.cursor === "") return false;
  if (!isWell(own) || !isWell(other)) return false;
  return own.memory.waited < toTicks(size.agents, size.chunkSize) - 1;
}

export function highestRotation(place: Place | null | undefined): number {
  return place ? Math.max(...LANES.map((lane) => place[lane].rotation)) : 0;
}
