import { createRoster, type RosterAgent } from "@standings/upstream-sim";
import { createRandom } from "./random.ts";

/** One agent and all that it holds, in base units. */
export interface Holder {
  agent: RosterAgent;
  stacks: readonly { tokenId: string; raw: string }[];
  satoshis: string;
}

/** So many contracts hand out tokens that nobody prices. */
const CONTRACTS = 40;

/**
 * The same agents for the same numbers. @param balances of an agent, on average: BTC, STX and sBTC, the rest of tokens
 * that do not count
 */
export function createPopulation(agents: number, balances: number): Holder[] {
  const roster = createRoster({ agents, seed: "bench", cachedAt: new Date(0) }).agents;
  const random = createRandom(agents);
  const contracts = roster.slice(0, CONTRACTS).map(({ stxAddress }, index) => `${stxAddress}.token-${index}`);
  return roster.map((agent) => {
    const others = Math.round(random() * 2 * Math.max(0, balances - 3));
    const first = Math.floor(random() * contracts.length);
    const held = Array.from({ length: Math.min(others, contracts.length) }, (_, index) => {
      const tokenId = contracts[(first + index) % contracts.length] ?? "";
      return { tokenId, raw: pickAmount(random, 6, 15) };
    });
    return {
      agent,
      stacks: [
        { tokenId: "stx", raw: pickAmount(random, 5, 11) },
        { tokenId: "sbtc", raw: pickAmount(random, 2, 7) },
        ...held,
      ],
      satoshis: pickAmount(random, 3, 8),
    };
  });
}

/** Wealth is spread over orders of magnitude: as many amounts of five digits as of six. */
function pickAmount(random: () => number, minDigits: number, maxDigits: number): string {
  return BigInt(Math.floor(10 ** (minDigits + random() * (maxDigits - minDigits)))).toString();
}
