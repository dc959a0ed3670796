/** Publishing writes two rows an agent: up to here every tick, above it once a rotation. */
export const MAX_AGENTS_TO_PUBLISH_EVERY_TICK = 1_000;

/** Whether a tick publishes a ranking. The first rotation always does, so that a new board fills as it is read. */
export function shouldPublish(place: { agents: number; isFirstRotation: boolean; endsRotation: boolean }): boolean {
  if (place.agents === 0) return false; // an empty roster is unknown, not a ranking of nobody
  return place.endsRotation || place.isFirstRotation || place.agents <= MAX_AGENTS_TO_PUBLISH_EVERY_TICK;
}
