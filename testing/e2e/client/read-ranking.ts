import createClient from "openapi-fetch";
import type { components, paths } from "./dist/api.d.ts";

export type Agent = components["schemas"]["Agent"];
export type Dashboard = components["schemas"]["Dashboard"];
export type AgentAnswer = components["schemas"]["AgentAnswer"];

export type RankingsClient = ReturnType<typeof createRankingsClient>;

export function createRankingsClient(baseUrl: string) {
  return createClient<paths, "application/json" | "application/problem+json">({ baseUrl });
}

/** All pages of the ranking that is the newest at the first call. `between` runs before every further page. */
export async function readRanking(
  client: RankingsClient,
  limit: number,
  between: () => Promise<void>,
): Promise<Dashboard[]> {
  const first = await readPage(client, { limit });
  const pages = [first];
  for (let { hasMore, offset } = first.pagination; hasMore; ) {
    await between();
    const page = await readPage(client, { limit, offset: offset + limit, version: first.version });
    pages.push(page);
    ({ hasMore, offset } = page.pagination);
  }
  return pages;
}

async function readPage(
  client: RankingsClient,
  query: { limit: number; offset?: number; version?: number },
): Promise<Dashboard> {
  const { data, error, response } = await client.GET("/api/dashboard", { params: { query } });
  if (error) throw new Error(`${response.status} ${error.title}: ${error.detail}`);
  if (!("agents" in data)) throw new Error("the answer describes the resource, and docs was not asked for");
  return data;
}

export async function readAgent(client: RankingsClient, address: string): Promise<AgentAnswer> {
  const { data, error } = await client.GET("/api/dashboard/{address}", { params: { path: { address } } });
  if (error) throw new Error(error.detail);
  return data;
}

/** What the types refuse: each line fails to compile once the directive above it is not needed. */
export function listMistakes(client: RankingsClient): (() => unknown)[] {
  return [
    // @ts-expect-error there is no such path
    () => client.GET("/api/nothing"),
    // @ts-expect-error a limit is a number
    () => client.GET("/api/dashboard", { params: { query: { limit: "all" } } }),
    // @ts-expect-error there is one ranking, and no other order
    () => client.GET("/api/dashboard", { params: { query: { sort: "btc" } } }),
    // @ts-expect-error the address is missing
    () => client.GET("/api/dashboard/{address}", {}),
  ];
}
