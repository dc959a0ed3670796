/** The least that a reader asks of the database: which version is the newest. */
export default {
  async fetch(_request: Request, env: { DB: D1Database }): Promise<Response> {
    const newest = await env.DB.prepare("SELECT version FROM publications ORDER BY version DESC LIMIT 1").first();
    return Response.json(newest);
  },
};
