import type { Call } from "@standings/upstream-sim/server";
import type { Operator, Status, Tick } from "./operator.ts";
import { waitUntil } from "./wait-until.ts";

/** The ticks that ended since the watch began, though a status holds only the last twenty. */
export interface TickWatch {
  /** Oldest first. */
  ticks: readonly Tick[];
  /** Waits until so many ticks have ended; answers with the status that showed the last of them. */
  waitForTicks(count: number, timeoutMs: number): Promise<Status>;
  waitFor(what: string, timeoutMs: number, isThere: (status: Status) => boolean): Promise<Status>;
}

interface WatchOptions {
  /** Runs with every look at the ticks. */
  onStatus?: (status: Status) => Promise<void>;
  /** Waiting forces one tick after the other, rather than waiting for alarms too. */
  force?: boolean;
}

export async function watchTicks(operator: Operator, { onStatus, force }: WatchOptions = {}): Promise<TickWatch> {
  const known = new Set((await operator.getStatus()).ticks.map(toKey));
  const ticks: Tick[] = [];
  const look = async () => {
    const status = await operator.getStatus();
    const fresh = status.ticks.filter((tick) => !known.has(toKey(tick))).reverse();
    for (const tick of fresh) known.add(toKey(tick));
    ticks.push(...fresh);
    await onStatus?.(status);
    return status;
  };
  const waitFor = (what: string, timeoutMs: number, isThere: (status: Status) => boolean) =>
    waitUntil(what, timeoutMs, async () => {
      const status = await look();
      if (isThere(status)) return status;
      if (force) await operator.tick();
      return undefined;
    });
  return {
    ticks,
    waitFor,
    waitForTicks: (count, timeoutMs) => waitFor(`${count} ticks`, timeoutMs, () => ticks.length >= count),
  };
}

/** A tick that was given up has no id of its own. */
function toKey(tick: Tick): string {
  return `${tick.tickId} ${tick.startedAt}`;
}

/** The clocks of Worker and upstream differ a little; ticks are at least a second apart. */
const SLACK_MS = 500;

/** The calls of one tick as the upstreams saw them. */
export function listCallsOf(tick: Tick, calls: readonly Call[]): Call[] {
  const startedAt = Date.parse(tick.startedAt);
  const [from, to] = [startedAt - SLACK_MS, startedAt + tick.durationMs + SLACK_MS];
  return calls.filter((call) => call.startedAt >= from && call.startedAt < to);
}
