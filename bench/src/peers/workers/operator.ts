import type { D1Use } from "./counting-d1.ts";

interface Env {
  REBUILDER: { tick(): Promise<unknown> };
  OBJECTS: { getByName(name: string): { takeD1Use(): Promise<D1Use> } };
}

/** Forces one tick, as an operator does, and tells what it reported and asked of D1. */
export default {
  async fetch(_request: Request, env: Env): Promise<Response> {
    const object = env.OBJECTS.getByName("dashboard");
    await object.takeD1Use();
    const startedAt = Date.now();
    const answer = await env.REBUILDER.tick();
    return Response.json({ answer, wallMs: Date.now() - startedAt, d1: await object.takeD1Use() });
  },
};
