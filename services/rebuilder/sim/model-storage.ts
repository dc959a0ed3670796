/** A Durable Object's storage and alarm: writes of one synchronous stretch are one write. */
export class ModelStorage {
  values = new Map<string, unknown>();
  alarmAt: number | null = null;
  #pending: (() => void)[] | undefined;
  #flushed: Promise<void> = Promise.resolve();

  /** @param gate runs each flush, or never lets it happen: the object crashed before it */
  readonly #gate: (flush: () => void) => Promise<void>;

  constructor(gate: (flush: () => void) => Promise<void>) {
    this.#gate = gate;
  }

  view() {
    return {
      get: async <T>(key: string): Promise<T | undefined> => {
        await this.#flushed;
        return this.values.get(key) as T | undefined;
      },
      put: (keyOrEntries: string | Record<string, unknown>, value?: unknown): Promise<void> => {
        const entries = typeof keyOrEntries === "string" ? { [keyOrEntries]: value } : keyOrEntries;
        const copy = structuredClone(entries);
        return this.#write(() => {
          for (const [key, entry] of Object.entries(copy)) this.values.set(key, entry);
        });
      },
      getAlarm: async (): Promise<number | null> => {
        await this.#flushed;
        return this.alarmAt;
      },
      setAlarm: (at: number | Date): Promise<void> =>
        this.#write(() => {
          this.alarmAt = Number(at);
        }),
    };
  }

  #write(apply: () => void): Promise<void> {
    if (this.#pending) {
      this.#pending.push(apply);
      return this.#flushed;
    }
    const batch = [apply];
    this.#pending = batch;
    this.#flushed = Promise.resolve().then(() => {
      this.#pending = undefined;
      return this.#gate(() => {
        for (const write of batch) write();
      });
    });
    return this.#flushed;
  }
}
