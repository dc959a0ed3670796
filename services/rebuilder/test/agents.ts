import { c32address } from "c32check";

/** n agents with valid addresses, in address order. The same n gives the same agents. */
export function makeAgents(n: number, from = 0) {
  const agents = Array.from({ length: n }, (_, index) => makeAgent(from + index));
  return agents.sort((a, b) => (a.stxAddress < b.stxAddress ? -1 : 1));
}

export function makeAgent(index: number, changes: Partial<{ btcAddress: string; displayName: string | null }> = {}) {
  const hash = (index + 1).toString(16).padStart(40, "0");
  return {
    stxAddress: c32address(22, hash),
    btcAddress: BTC_ADDRESSES[index % BTC_ADDRESSES.length] ?? "",
    btcPublicKey: null,
    displayName: `Agent ${index}`,
    bnsName: null,
    level: 1,
    levelName: "Verified Agent",
    ...changes,
  };
}

export type TestAgent = ReturnType<typeof makeAgent>;

export function toRosterText(agents: readonly unknown[]): string {
  return JSON.stringify({ agents, stats: { total: agents.length }, cachedAt: "2026-11-22T00:00:00.000Z" });
}

export const BTC_ADDRESSES = [
  "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
  "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
  "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
  "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
];
