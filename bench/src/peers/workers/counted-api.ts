import api from "product";
import { countD1, createD1Use } from "./counting-d1.ts";

/** The built product, unchanged, over a database that counts: each answer says in a header what it cost. */
export default {
  async fetch(request: Request, env: { DB: D1Database }, context: ExecutionContext): Promise<Response> {
    const use = createD1Use();
    const answer = await api.fetch(request, { ...env, DB: countD1(env.DB, use) }, context);
    const response = new Response(answer.body, answer);
    response.headers.set("x-d1-use", JSON.stringify(use));
    return response;
  },
};
