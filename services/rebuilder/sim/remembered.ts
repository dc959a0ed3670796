import { vi } from "vitest";

// To be imported first by tests that live through much: what is worked out again and again is worked out once.

// The same few hundred addresses are checked millions of times here: each is worked out once.
vi.mock("../../../packages/balances/src/address.ts", async (importOriginal) => {
  const { isStacksAddress, parseBitcoinAddress } = await importOriginal<typeof import("@standings/balances")>();
  const remember = <T>(check: (text: string) => T) => {
    const known = new Map<string, T>();
    return (text: string): T => {
      if (!known.has(text)) known.set(text, check(text));
      return known.get(text) as T;
    };
  };
  return { isStacksAddress: remember(isStacksAddress), parseBitcoinAddress: remember(parseBitcoinAddress) };
});

// What is stored is read back many times a tick: each stored object is completed once, and some are read back for real.
vi.mock("../src/rebuild/complete.ts", async (importOriginal) => {
  const { complete } = await importOriginal<typeof import("../src/rebuild/complete.ts")>();
  const known = new WeakMap<object, ReturnType<typeof complete>>();
  return {
    complete: (...args: Parameters<typeof complete>) => {
      const [, , , stored] = args;
      if (typeof stored !== "object" || stored === null) return complete(...args);
      const completed = known.get(stored) ?? complete(...args);
      known.set(stored, completed);
      return completed;
    },
  };
});
