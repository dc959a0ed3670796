import type { Context } from "hono";
import type { AppEnv } from "../env.ts";
import { logError } from "../log.ts";
import { problem } from "./problem.ts";

/** The period of both limits in wrangler.api.jsonc, which the binding does not tell. */
export const RATE_LIMIT_PERIOD_SECONDS = 60;

type Limit =
  | { binding: "AUTH_FAILURES"; code: "too-many-attempts" }
  | { binding: "SEARCHES"; code: "too-many-searches" };

/** Counts one more for the client, and throws once there were too many. A limiter that fails lets everyone pass. */
export async function countAgainst(c: Context<AppEnv>, { binding, code }: Limit): Promise<void> {
  const key = toClientKey(c.req.header("CF-Connecting-IP"));
  const { success } = await c.env[binding].limit({ key }).catch((error) => {
    logError("rate-limit.failed", error, { requestId: c.var.requestId, binding });
    return { success: true };
  });
  if (!success) throw problem(code, { retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS });
}

/** Set by the edge and never by the client. One IPv6 client has a network of addresses to come from, the first half. */
export function toClientKey(address: string | undefined): string {
  if (address === undefined) return "unknown";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const left = head.split(":").filter(Boolean);
  const right = (tail ?? "").split(":").filter(Boolean);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill("0"), ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
