import { DashboardRebuildDO as Built } from "product";
import { countD1, createD1Use, type D1Use } from "./counting-d1.ts";

export { RebuilderRpc } from "product";

/** The built object, unchanged, over a database that counts. */
export class DashboardRebuildDO extends Built {
  readonly #use: D1Use;

  constructor(context: DurableObjectState, env: { DB: D1Database }) {
    const use = createD1Use();
    super(context, { ...env, DB: countD1(env.DB, use) });
    this.#use = use;
  }

  /** What was asked of D1 since the last call. */
  takeD1Use(): D1Use {
    const taken = { ...this.#use };
    Object.assign(this.#use, createD1Use());
    return taken;
  }
}

export default { fetch: () => new Response("not found", { status: 404 }) };
