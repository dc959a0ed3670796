import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import { parseRoster, type RosterAgent, type RosterParse } from "@standings/balances";
import type { RebuildState } from "../rebuild/state.ts";

/** The key and shape are those of the site whose agents are ranked; it expires after 600 s, so absence is normal. */
export const ROSTER_KEY = "cache:agent-list";

/** A roster that lost more than this share at once is more likely broken than true. */
export const MAX_SHRINK = 0.2;

const KEPT_EXAMPLES = 10; // enough to see what is wrong with a feed, small enough for a status page

type RosterState = RebuildState["roster"];

export interface RosterDecision {
  /** The agents to apply; undefined = keep the last roster. */
  agents: RosterAgent[] | undefined;
  roster: RosterState;
}

/**
 * Whether what the key holds becomes the roster. Absent, corrupt, suddenly empty or much smaller means unknown: the
 * last roster stays, and status says why. An operator who accepted the id of a shrunken roster lets it through.
 */
export function judgeRoster(
  text: string | null,
  known: { roster: RosterState; agents: number; acceptedIds: readonly string[] },
  nowMs: number,
): RosterDecision {
  const roster: RosterState = { ...known.roster, readAt: nowMs, held: null };
  const keep = (problem: string, changes: Partial<RosterState> = {}): RosterDecision => ({
    agents: undefined,
    roster: { ...roster, source: known.agents > 0 ? "kept" : "none", problem, ...changes },
  });
  if (text === null) return keep(`the key ${ROSTER_KEY} is absent`);
  const parsed = parseRoster(text);
  if (!parsed.ok) return keep(parsed.problem);
  const described = describeRejections(parsed);
  const accepted = parsed.agents.length;
  if (accepted === 0) return keep("the roster lists no valid agent", described);
  if (accepted < known.agents * (1 - MAX_SHRINK)) {
    const id = toRosterId(parsed.agents);
    if (!known.acceptedIds.includes(id)) {
      const since = known.roster.held?.id === id ? known.roster.held.since : nowMs;
      const held = { id, accepted, previous: known.agents, since };
      return keep(`the roster shrank from ${known.agents} to ${accepted} agents`, { ...described, held });
    }
  }
  return {
    agents: parsed.agents,
    roster: { ...roster, ...described, source: "kv", acceptedAt: nowMs, accepted, problem: null },
  };
}

function describeRejections({ rejected, sharedBtcAddresses }: Extract<RosterParse, { ok: true }>) {
  const counts: Record<string, number> = {};
  for (const { reason } of rejected) counts[reason] = (counts[reason] ?? 0) + 1;
  return { rejected: counts, rejectedExamples: rejected.slice(0, KEPT_EXAMPLES), sharedBtcAddresses };
}

/** Names a roster by who is on it, so that the same list has the same id however often it is read. */
function toRosterId(agents: readonly RosterAgent[]): string {
  const addresses = agents.map((agent) => agent.stxAddress).sort();
  return `roster-${bytesToHex(sha256(addresses.join("\n"))).slice(0, 12)}`;
}
