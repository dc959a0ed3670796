import type { HttpBindings } from "@hono/node-server";

/** The connections under way, so that closing the server ends the wait of each. */
export interface Connections {
  /** The signal aborts when the answer is out, the client has gone or the server closes. */
  watch(env: HttpBindings, onEnd: (status: number) => void): AbortSignal;
  endAll(): void;
}

export function createConnections(): Connections {
  const ends = new Set<() => void>();
  return {
    watch({ outgoing }, onEnd) {
      const gone = new AbortController();
      const end = () => {
        if (!ends.delete(end)) return;
        onEnd(outgoing.headersSent ? outgoing.statusCode : 0);
        gone.abort();
      };
      ends.add(end);
      outgoing.once("finish", end);
      outgoing.once("close", end);
      return gone.signal;
    },
    endAll() {
      for (const end of [...ends]) end();
    },
  };
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** A client that gives up one call and starts another may be seen in the wrong order: this lets both be seen. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
