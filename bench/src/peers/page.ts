/** What all designs are given: the ranking as the product serves it, and everything of an answer but its rows. */
export interface ServedBoard {
  /** A page without rows. Its `agents` keeps their place among the fields. */
  template: ServedPage;
  agents: readonly ServedAgent[];
}

export interface ServedPage {
  agents: readonly ServedAgent[];
  pagination: { total: number; limit: number; offset: number; hasMore: boolean };
  [field: string]: unknown;
}

export interface ServedAgent {
  rank: number;
  stxAddress: string;
  totalUsd: number;
  tokens: readonly { usdValue: number; [field: string]: unknown }[];
  [field: string]: unknown;
}

/** A page as every design answers it. */
export function toPage(
  template: ServedPage,
  agents: readonly ServedAgent[],
  limit: number,
  offset: number,
): ServedPage {
  const { total } = template.pagination;
  return { ...template, agents, pagination: { total, limit, offset, hasMore: offset + limit < total } };
}

export function parseWindow(url: string): { limit: number; offset: number } {
  const query = new URL(url, "http://board").searchParams;
  return { limit: Number(query.get("limit") ?? 100), offset: Number(query.get("offset") ?? 0) };
}
