export const TEMPLATE_KEY = "board:template";

/** A sorted set. Scores are totals in negative micro-USD, so that equal ones stand in address order as on the board. */
export const RANKING_KEY = "board:ranking";

/** A hash of `profile` and `tokens`, both JSON. */
export function toAgentKey(stxAddress: string): string {
  return `agent:${stxAddress}`;
}
