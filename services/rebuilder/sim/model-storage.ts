/** What a storage call says that the platform does not take. */
export class StorageError extends Error {
  constructor() {
    super("Durable Object storage is not available: internal error");
    this.name = "StorageError";
  }
}

export interface StoredThings {
  values: Map<string, unknown>;
  alarmAt: number | null;
}

export interface StorageGate {
  /** Runs each flush, or never lets it happen: the object crashed before it. Throws when the storage does. */
  write(flush: () => void): Promise<void>;
  /** Throws when the storage does. */
  read(): void;
}

/** A Durable Object's storage and alarm: writes of one synchronous stretch are one write. */
export class ModelStorage {
  #things: StoredThings;
  #pending: (() => void)[] | undefined;
  #flushed: Promise<void> = Promise.resolve();

  readonly #gate: StorageGate;
  readonly #copies: boolean;

  /** @param copies whether what is put is copied, as the platform does, or kept as it is, which is faster */
  constructor(things: StoredThings, gate: StorageGate, copies: boolean) {
    this.#things = things;
    this.#gate = gate;
    this.#copies = copies;
  }

  /** From now on the object sees what it knew, and nothing that it writes is kept: another one has its place. */
  detach(): void {
    this.#things = { values: new Map(this.#things.values), alarmAt: this.#things.alarmAt };
  }

  view() {
    return {
      get: async <T>(key: string): Promise<T | undefined> => {
        this.#gate.read();
        await this.#whenFlushed();
        return this.#things.values.get(key) as T | undefined;
      },
      put: (keyOrEntries: string | Record<string, unknown>, value?: unknown): Promise<void> => {
        const entries = typeof keyOrEntries === "string" ? { [keyOrEntries]: value } : keyOrEntries;
        const copy = this.#copies ? structuredClone(entries) : { ...entries };
        return this.#write(() => {
          for (const [key, entry] of Object.entries(copy)) this.#things.values.set(key, entry);
        });
      },
      getAlarm: async (): Promise<number | null> => {
        this.#gate.read();
        await this.#whenFlushed();
        return this.#things.alarmAt;
      },
      setAlarm: (at: number | Date): Promise<void> =>
        this.#write(() => {
          this.#things.alarmAt = Number(at);
        }),
    };
  }

  /** A write that failed is its writer's trouble, not the reader's. */
  #whenFlushed(): Promise<void> {
    return this.#flushed.catch(() => {});
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
      return this.#gate.write(() => {
        for (const write of batch) write();
      });
    });
    return this.#flushed;
  }
}
