import type { RebuilderApi } from "@standings/rebuilder/contract";
import type { Context } from "hono";
import type { z } from "zod";
import type { AppEnv } from "../../env.ts";
import { problem } from "../../http/problem.ts";
import { logError } from "../../log.ts";
import { toServed } from "./schema.ts";

/** Out of reach, or failed at its side: one answer for the caller, the cause for the log. */
export async function callRebuilder<T>(c: Context<AppEnv>, call: (api: RebuilderApi) => Promise<T>): Promise<T> {
  try {
    return await call(c.env.REBUILDER);
  } catch (error) {
    logError("rebuilder.unavailable", error, { requestId: c.var.requestId, path: c.req.path });
    throw problem("rebuilder-unavailable");
  }
}

/** The status after a call that answers with it, or with nothing of interest, as it is served. */
export async function readStatus(c: Context<AppEnv>, call: (api: RebuilderApi) => Promise<unknown>) {
  return parseAnswer(c, toServed.status, await callRebuilder(c, call));
}

/** For minutes of a deploy the rebuilder is of another release than this, and may not know a field: then it is not there. */
export function parseAnswer<Schema extends z.ZodType>(c: Context<AppEnv>, schema: Schema, answer: unknown) {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const cause = new Error(`the answer is of another release: ${issue?.path.join(".")}: ${issue?.message}`);
  logError("rebuilder.unavailable", cause, { requestId: c.var.requestId, path: c.req.path });
  throw problem("rebuilder-unavailable", {
    detail: "The rebuilder is of another release. Try again after the deploy.",
  });
}
