import { isDeepStrictEqual } from "node:util";
import type { z } from "@hono/zod-openapi";

const CALL_TIMEOUT_MS = 30_000;

export function call(url: string, init: RequestInit = {}, timeoutMs = CALL_TIMEOUT_MS): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(timeoutMs), ...init });
}

/** The body of a 200, which must be exactly what the public schema says: nothing missing, nothing beside. */
export async function readBody<Schema extends z.ZodType>(response: Response, schema: Schema): Promise<z.infer<Schema>> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.url}: ${response.status} ${text.slice(0, 500)}`);
  const body: unknown = JSON.parse(text);
  const parsed = schema.parse(body);
  if (!isDeepStrictEqual(parsed, body)) throw new Error(`${response.url}: the answer has fields that no schema names`);
  return parsed;
}
