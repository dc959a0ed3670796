import { parseWindow, type ServedAgent, type ServedPage, toPage } from "../page.ts";

/** Nothing is ranked in advance: each request sums, ranks and pages in one statement over agents and holdings. */
const PAGE = `
  WITH ranked AS (
    SELECT a.stx_address, a.profile, total(h.usd_micros) AS micros,
      row_number() OVER (ORDER BY total(h.usd_micros) DESC, a.stx_address) AS rank
    FROM agents AS a LEFT JOIN holdings AS h ON h.stx_address = a.stx_address
    GROUP BY a.stx_address
  )
  SELECT r.rank, r.profile, r.micros, (
    SELECT json_group_array(json(h.token) ORDER BY h.place) FROM holdings AS h WHERE h.stx_address = r.stx_address
  ) AS tokens
  FROM ranked AS r ORDER BY r.rank LIMIT ?1 OFFSET ?2`;

interface Row {
  rank: number;
  profile: string;
  micros: number;
  tokens: string;
}

export default {
  async fetch(request: Request, env: { RANKING: D1Database }): Promise<Response> {
    const { limit, offset } = parseWindow(request.url);
    const [templates, rows] = await env.RANKING.batch([
      env.RANKING.prepare("SELECT template FROM board"),
      env.RANKING.prepare(PAGE).bind(limit, offset),
    ]);
    const [board] = (templates?.results ?? []) as { template: string }[];
    if (!board) return new Response("no board", { status: 503 });
    const agents = ((rows?.results ?? []) as Row[]).map((row) => ({
      ...JSON.parse(row.profile),
      rank: row.rank,
      totalUsd: row.micros / 1_000_000,
      tokens: JSON.parse(row.tokens),
    })) as ServedAgent[];
    const page = toPage(JSON.parse(board.template) as ServedPage, agents, limit, offset);
    const rowsRead = (templates?.meta.rows_read ?? 0) + (rows?.meta.rows_read ?? 0);
    const headers = { "content-type": "application/json", "x-rows-read": String(rowsRead) };
    return new Response(JSON.stringify(page), { headers });
  },
};
