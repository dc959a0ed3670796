/** A watcher that is slow must not keep the object awake. */
const HEARTBEAT_TIMEOUT_MS = 5_000;

/** Calls the dead man's switch, when there is one. Its address may hold a token: errors name the status alone. */
export async function sendHeartbeat(url: string | undefined): Promise<void> {
  if (!url) return;
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(HEARTBEAT_TIMEOUT_MS),
    });
  } catch {
    throw new Error("the heartbeat's address did not answer");
  }
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the heartbeat's address answered ${response.status}`);
}
