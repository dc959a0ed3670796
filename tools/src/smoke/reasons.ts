/** Why a run failed. What differs only in ids and numbers is one reason, told once. */
export interface Reasons {
  add(found: readonly string[]): void;
  list(): string[];
}

const IDS = /[0-9a-f]{8}-[0-9a-f-]{27}|\d+(?:\.\d+)?/g;
const MAX_LENGTH = 400;

export function createReasons(print: (line: string) => void = console.log): Reasons {
  const times = new Map<string, { first: string; times: number }>();
  return {
    add(found) {
      for (const reason of found) {
        const key = reason.replace(IDS, "#");
        const seen = times.get(key);
        if (seen) {
          seen.times += 1;
        } else {
          const first = reason.length > MAX_LENGTH ? `${reason.slice(0, MAX_LENGTH)}…` : reason;
          times.set(key, { first, times: 1 });
          print(`  ! ${first}`);
        }
      }
    },
    list: () => [...times.values()].map((entry) => entry.first + (entry.times > 1 ? ` (${entry.times} times)` : "")),
  };
}
