import type { RebuilderApi } from "@standings/rebuilder/contract";
import type { Context } from "hono";
import type { AppEnv } from "../../env.ts";
import { logError } from "../../log.ts";
import { problem } from "../../http/problem.ts";

/** Out of reach, or failed at its side: one answer for the caller, the cause for the log. */
export async function callRebuilder<T>(c: Context<AppEnv>, call: (api: RebuilderApi) => Promise<T>): Promise<T> {
  try {
    return await call(c.env.REBUILDER);
  } catch (error) {
    logError("the rebuilder did not answer", error, { requestId: c.var.requestId, path: c.req.path });
    throw problem("rebuilder-unavailable");
  }
}
