import type { CrashMemory } from "../safeguards/poison.ts";
import type { Control, Memory, State } from "../tick/memory.ts";
import { FIRST_RELEASE_KEYS, fromFirstState } from "./first-release.ts";
import { type Completed, toControl, toCrashes, toState } from "./state.ts";

/** The keys of the Durable Object's storage. docs/storage.md has their shapes and history. */
export const KEYS = { state: "rebuild", control: "operator", crashes: "crashes" } as const;

export type Storage = Pick<DurableObjectStorage, "get" | "put" | "getAlarm" | "setAlarm">;

export interface LoadedMemory extends Memory {
  problems: string[]; // what of it could not be read, by name
}

/** What the object remembers: read whole, completed from whatever release wrote it, saved with the alarm in one write. */
export function createMemory(storage: Storage) {
  const load = async <T>(
    key: string,
    firstKey: string | undefined,
    toValue: (stored: unknown) => Completed<T>,
    fromFirst: (stored: unknown) => unknown = (stored) => stored,
  ): Promise<Completed<T>> => {
    const stored = await storage.get(key);
    if (stored !== undefined || firstKey === undefined) return toValue(stored);
    const first = await storage.get(firstKey);
    return toValue(first === undefined ? undefined : fromFirst(first));
  };

  const getState = () => load(KEYS.state, FIRST_RELEASE_KEYS.state, toState, fromFirstState);
  const getControl = () => load(KEYS.control, FIRST_RELEASE_KEYS.control, toControl);
  const getCrashes = () => load(KEYS.crashes, undefined, toCrashes);

  const loadAll = async (): Promise<LoadedMemory> => {
    const [state, control, crashes] = await Promise.all([getState(), getControl(), getCrashes()]);
    return {
      state: state.value,
      control: control.value,
      crashes: crashes.value,
      problems: [...state.problems, ...control.problems, ...crashes.problems],
    };
  };

  return {
    load: loadAll,
    getControl: async (): Promise<Control> => (await getControl()).value,
    async setControl(changes: Partial<Control>): Promise<Control> {
      const control = { ...(await getControl()).value, ...changes };
      await storage.put(KEYS.control, control);
      return control;
    },
    setCrashes: (crashes: CrashMemory) => storage.put(KEYS.crashes, crashes),
    setState: (state: State) => storage.put(KEYS.state, state),
    /** No await in between: state, crashes and alarm are one write. */
    async save({ state, crashes }: Pick<Memory, "state" | "crashes">, alarmAt: number): Promise<void> {
      await Promise.all([storage.put({ [KEYS.state]: state, [KEYS.crashes]: crashes }), storage.setAlarm(alarmAt)]);
    },
  };
}

export type ObjectMemory = ReturnType<typeof createMemory>;
