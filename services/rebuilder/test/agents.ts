import { bech32 } from "@scure/base";
import { c32address } from "c32check";

/** n agents with an address on each chain, in address order. The same n gives the same agents. */
export function makeAgents(n: number, from = 0): TestAgent[] {
  const agents = Array.from({ length: n }, (_, index) => makeAgent(from + index));
  return agents.sort((a, b) => (a.stxAddress < b.stxAddress ? -1 : 1));
}

export function makeAgent(index: number, changes: Partial<TestAgent> = {}): TestAgent {
  const hash = new Uint8Array(20);
  new DataView(hash.buffer).setUint32(16, index + 1);
  return {
    stxAddress: c32address(22, (index + 1).toString(16).padStart(40, "0")),
    btcAddress: bech32.encode("bc", [0, ...bech32.toWords(hash)]),
    btcPublicKey: null,
    displayName: `Agent ${index}`,
    bnsName: null,
    level: 1,
    levelName: "Verified Agent",
    ...changes,
  };
}

export interface TestAgent {
  stxAddress: string;
  btcAddress: string;
  btcPublicKey: string | null;
  displayName: string | null;
  bnsName: string | null;
  level: number;
  levelName: string;
  verifiedAt?: string;
}

export function toRosterText(agents: readonly unknown[]): string {
  return JSON.stringify({ agents, stats: { total: agents.length }, cachedAt: "2026-11-22T00:00:00.000Z" });
}
