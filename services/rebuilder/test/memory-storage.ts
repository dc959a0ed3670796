import type { Storage } from "../src/rebuild/memory.ts";

export type StorageCall = "get" | "put" | "getAlarm" | "setAlarm";

/** A Durable Object's storage and alarm, from memory: values are copied as the platform copies them. */
export function createMemoryStorage(initial: Record<string, unknown> = {}) {
  const values = new Map<string, unknown>(Object.entries(structuredClone(initial)));
  const memory = {
    alarmAt: null as number | null,
    calls: 0,
    /** Runs before each call; what it throws comes out of the call. */
    before: (_call: StorageCall): void => {},
    dump: (): Record<string, unknown> => structuredClone(Object.fromEntries(values)),
    read: (key: string): unknown => structuredClone(values.get(key)),
    write(key: string, value: unknown): void {
      values.set(key, structuredClone(value));
    },
  };
  const enter = (call: StorageCall) => {
    memory.calls++;
    memory.before(call);
  };
  const view = {
    async get(key: string): Promise<unknown> {
      enter("get");
      return memory.read(key);
    },
    async put(keyOrEntries: string | Record<string, unknown>, value?: unknown): Promise<void> {
      enter("put");
      const entries = typeof keyOrEntries === "string" ? { [keyOrEntries]: value } : keyOrEntries;
      for (const [key, entry] of Object.entries(entries)) memory.write(key, entry);
    },
    async getAlarm(): Promise<number | null> {
      enter("getAlarm");
      return memory.alarmAt;
    },
    async setAlarm(at: number | Date): Promise<void> {
      enter("setAlarm");
      memory.alarmAt = Number(at);
    },
  };
  return Object.assign(memory, { view: view as unknown as Storage });
}
