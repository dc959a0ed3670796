/** The platform lets six calls of one invocation wait for their headers; a seventh would wait in its queue unseen. */
export const MAX_CONNECTIONS = 6;

/** Calls under way at once, whoever makes them: first come, first served. */
export interface Connections {
  /** Waits for a free connection; the returned function gives it back. */
  take(): Promise<() => void>;
}

export function createConnections(max = MAX_CONNECTIONS): Connections {
  let taken = 0;
  const waiting: (() => void)[] = [];
  const giveBack = () => {
    const next = waiting.shift();
    if (next) next();
    else taken--;
  };
  return {
    async take() {
      if (taken < max) taken++;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      let isGivenBack = false;
      return () => {
        if (!isGivenBack) giveBack();
        isGivenBack = true;
      };
    },
  };
}
