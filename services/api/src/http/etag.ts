import type { Context } from "hono";
import type { AppEnv } from "../env.ts";

/**
 * Sets the validator and says whether the client already has these bytes. Asked before the page is read, so that an
 * unchanged page costs no page query.
 */
export function isUnchanged(c: Context<AppEnv>, parts: readonly (string | number)[]): boolean {
  const etag = `W/"${parts.join("-")}"`;
  c.header("ETag", etag);
  const header = c.req.header("If-None-Match");
  if (header === undefined) return false;
  const held = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return held.includes("*") || held.includes(etag.replace(/^W\//, ""));
}

/** A short digest for what has no version of its own. */
export async function toDigest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(hash).slice(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
