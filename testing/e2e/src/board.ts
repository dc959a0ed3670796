import { type Agent, type Dashboard, dashboardSchema } from "@standings/api/src/ranking/schema.ts";
import { call, readBody } from "./http.ts";

export interface Board {
  version: number;
  agents: Agent[]; // in the order of the pages
  pages: number;
  prices: Dashboard["prices"];
  stats: Dashboard["stats"];
}

export interface ReadOptions {
  limit?: number;
  /** Runs between two pages. */
  between?: () => Promise<void>;
}

/** The whole of one ranking, page after page along the Link headers. */
export async function readBoard(origin: string, { limit = 500, between }: ReadOptions = {}): Promise<Board> {
  let path: string | undefined = `/api/dashboard?limit=${limit}`;
  const pages: Dashboard[] = [];
  while (path !== undefined) {
    if (pages.length > 0) await between?.();
    const response: Response = await call(origin + path);
    pages.push(await readBody(response, dashboardSchema));
    path = findNext(response.headers.get("link"));
  }
  const [first] = pages;
  if (!first) throw new Error("a board has at least one page");
  const versions = new Set(pages.map((page) => page.version));
  if (versions.size > 1) throw new Error(`the pages of one board have versions ${[...versions].join(", ")}`);
  const agents = pages.flatMap((page) => page.agents);
  return { version: first.version, agents, pages: pages.length, prices: first.prices, stats: first.stats };
}

/** The newest version; 0 = none published. */
export async function readVersion(origin: string, timeoutMs?: number): Promise<number> {
  return (await readBody(await call(`${origin}/api/dashboard?limit=1`, {}, timeoutMs), dashboardSchema)).version;
}

/** What is wrong with a ranking whatever it ranks; empty = nothing. */
export function findFlaws({ agents, stats }: Pick<Board, "agents" | "stats">): string[] {
  const flaws: string[] = [];
  const addresses = new Set(agents.map((agent) => agent.stxAddress));
  if (addresses.size !== agents.length) flaws.push(`${agents.length - addresses.size} agents are on it twice`);
  if (stats.total !== agents.length) flaws.push(`it says ${stats.total} agents and has ${agents.length}`);
  agents.forEach((agent, index) => {
    if (agent.rank !== index + 1) flaws.push(`rank ${agent.rank} stands at place ${index + 1}`);
    const above = agents[index - 1];
    if (above && !isAbove(above, agent)) flaws.push(`${above.stxAddress} stands above ${agent.stxAddress}`);
  });
  return flaws;
}

function isAbove(a: Agent, b: Agent): boolean {
  return a.totalUsd > b.totalUsd || (a.totalUsd === b.totalUsd && a.stxAddress < b.stxAddress);
}

/** Who holds what, in base units, and where that ranks: what no fault may change. */
export function toHoldings({ agents }: Pick<Board, "agents">): Record<string, object> {
  const byAddress = agents.map((agent) => [agent.stxAddress, { rank: agent.rank, ...toBalances(agent) }] as const);
  return Object.fromEntries(byAddress.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Base units by symbol, or by contract where there is one: symbols can repeat. */
export function toBalances(agent: Agent): Record<string, string> {
  return Object.fromEntries(agent.tokens.map((token) => [token.contract ?? token.symbol, token.balance]));
}

function findNext(link: string | null): string | undefined {
  return /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
}
