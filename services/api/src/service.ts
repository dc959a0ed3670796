/** What the service is called, everywhere it says so. */
export const SERVICE = {
  name: "Standings",
  version: "1.0.0",
  summary: "Portfolio rankings for on-chain agents",
  description:
    "Registered agents, ranked by the US dollar value of what they hold: BTC on Bitcoin, and STX and sBTC on Stacks. Every ranking is published under a version, valued with one set of prices, and frozen.",
} as const;
