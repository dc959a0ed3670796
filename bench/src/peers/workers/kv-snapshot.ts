import { parseWindow, type ServedBoard, toPage } from "../page.ts";

/** The design that the product replaces: the whole ranking is one value, of which every request takes a page. */
export default {
  async fetch(request: Request, env: { SNAPSHOTS: KVNamespace }): Promise<Response> {
    const { limit, offset } = parseWindow(request.url);
    const snapshot = await env.SNAPSHOTS.get("ranking");
    if (snapshot === null) return new Response("no snapshot", { status: 503 });
    const { template, agents } = JSON.parse(snapshot) as ServedBoard;
    const page = toPage(template, agents.slice(offset, offset + limit), limit, offset);
    return new Response(JSON.stringify(page), { headers: { "content-type": "application/json" } });
  },
};
