import type { RosterAgent } from "@standings/balances";
import type { ListedAgent, RosterChange } from "@standings/db";

/** What an accepted roster changes: agents that are new or different, and addresses that left. null = nothing. */
export function toRosterChange(
  before: readonly ListedAgent[],
  agents: readonly RosterAgent[],
  nowMs: number,
): RosterChange | null {
  const known = new Map(before.map((agent) => [agent.stx_address, agent]));
  const upserts = agents.map(toRow).filter((row) => !isSame(known.get(row.stx_address), row));
  const listed = new Set(agents.map((agent) => agent.stxAddress));
  const removed = before.map((agent) => agent.stx_address).filter((address) => !listed.has(address));
  return upserts.length + removed.length === 0 ? null : { upserts, removed, at: nowMs };
}

function toRow(agent: RosterAgent): RosterChange["upserts"][number] {
  return {
    stx_address: agent.stxAddress,
    btc_address: agent.btcAddress,
    display_name: agent.displayName,
    bns_name: agent.bnsName,
    level: agent.level,
    level_name: agent.levelName,
    verified_at: agent.verifiedAt,
    erc8004_agent_id: agent.erc8004AgentId,
  };
}

function isSame(known: ListedAgent | undefined, row: RosterChange["upserts"][number]): boolean {
  if (!known) return false;
  return (Object.keys(row) as (keyof typeof row)[]).every((column) => known[column] === row[column]);
}
