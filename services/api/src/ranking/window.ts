/** A part of a ranking, in places from the top. */
export interface PageWindow {
  limit: number;
  offset: number;
}

/** The window with an agent in its middle; near either end it stays full and the agent moves out of the middle. */
export function toWindowAround(rank: number, limit: number, total: number): PageWindow {
  const centred = rank - 1 - Math.floor((limit - 1) / 2);
  return { limit, offset: Math.max(0, Math.min(centred, total - limit)) };
}

export type PageRelation = "first" | "prev" | "next" | "last";

/** The windows next to this one. Pages reached by them from `first`, or back from `last`, partition the ranking. */
export function toNeighbours({ limit, offset }: PageWindow, total: number): Map<PageRelation, PageWindow> {
  const lastOffset = Math.max(0, Math.ceil(total / limit) - 1) * limit;
  const neighbours = new Map<PageRelation, PageWindow>([["first", { limit, offset: 0 }]]);
  if (offset > 0) neighbours.set("prev", { limit, offset: offset >= total ? lastOffset : Math.max(0, offset - limit) });
  if (offset + limit < total) neighbours.set("next", { limit, offset: offset + limit });
  return neighbours.set("last", { limit, offset: lastOffset });
}

/** Pages of one ranking: every link carries its version. */
export function toPagePath(path: string, window: PageWindow, version: number): string {
  return `${path}?limit=${window.limit}&offset=${window.offset}&version=${version}`;
}
