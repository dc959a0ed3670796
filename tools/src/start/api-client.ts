import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 100;
const CALL_TIMEOUT_MS = 5_000;

/** Waits until the board can be read; answers with its version. Throws with the last answer when it takes too long. */
export async function waitForBoard(origin: string, timeoutMs: number, stop: AbortSignal): Promise<number> {
  const deadline = Date.now() + timeoutMs;
  let last = "nothing listens";
  while (Date.now() < deadline && !stop.aborted) {
    try {
      const response = await fetch(`${origin}/api/dashboard?limit=1`, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
      const body = await response.text();
      const version = response.ok ? (JSON.parse(body) as { version?: unknown }).version : undefined;
      if (typeof version === "number") return version;
      last = `${response.status} ${body.slice(0, 300)}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(POLL_MS);
  }
  throw new Error(`the API did not come up within ${timeoutMs / 1_000} s; its last answer: ${last}`);
}

export async function callAdmin<T>(
  origin: string,
  adminToken: string,
  action: "" | "/tick" = "",
  timeoutMs = 180_000, // a tick may take all of its own deadline
): Promise<T> {
  const response = await fetch(`${origin}/api/admin/rebuilder${action}`, {
    method: action === "" ? "GET" : "POST",
    headers: { authorization: `Bearer ${adminToken}` },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${body.slice(0, 300)}`);
  return JSON.parse(body) as T;
}
