import type { Status } from "../status.ts";
import type { Answer } from "./client.ts";
import { findStandstill, formatRotations, haveEnded, toPollMs, toWatchedRotations, type Watched } from "./progress.ts";

export type StatusAnswer = { ok: true; status: Status } | Extract<Answer, { ok: false }>;

export interface WatchDeps {
  url: string; // of the API, for the commands that are named
  getStatus(): Promise<StatusAnswer>;
  /** Replaces the last line on a terminal; elsewhere every call adds one. */
  showProgress(text: string): void;
  printError(line: string): void;
  wait(ms: number): Promise<void>;
}

/** A deploy or a blink of the network is waited out; this many failures in a row are neither. */
const MAX_FAILURES = 5;
const RETRY_MS = 2_000;

/** Follows the rotation of both lanes to its end. Answers with the exit code. */
export async function watchRotation(deps: WatchDeps): Promise<number> {
  const { url, getStatus, showProgress, printError, wait } = deps;
  let watched: Watched | undefined;
  let shown = "";
  for (let failures = 0; ; ) {
    const answer = await getStatus();
    if (!answer.ok) {
      failures++;
      if (failures >= MAX_FAILURES || watched === undefined) {
        for (const line of answer.reason) printError(line);
        return 1;
      }
      await wait(RETRY_MS);
      continue;
    }
    failures = 0;
    const { status } = answer;
    watched ??= toWatchedRotations(status);
    const text = `${formatRotations(status)}: ${status.state}, ${status.intervalReason}`;
    if (text !== shown) showProgress(text);
    shown = text;
    if (haveEnded(status, watched)) return 0;
    const standstill = findStandstill(status, url);
    if (standstill !== undefined) {
      printError(standstill);
      return 1;
    }
    await wait(toPollMs(status));
  }
}
