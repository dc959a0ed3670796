import { describe, expect, it } from "vitest";
import type { Config } from "../config.ts";
import { createMemory, type Storage } from "./memory.ts";
import { ensureAlarm } from "./watchdog.ts";

const NOW = 1_800_000_000_000;

describe("a lost alarm", () => {
  it("is set again, and counted", async () => {
    const { storage, ensure } = rig();
    expect(await ensure(false)).toMatchObject({ rearmed: true });
    expect(await storage.getAlarm()).toBeGreaterThan(NOW);
  });

  it("is left to a running tick, which sets its own", async () => {
    const { storage, ensure } = rig();
    expect(await ensure(true)).toEqual({ alarmAt: null, rearmed: false });
    expect(await storage.getAlarm()).toBeNull();
  });
});

function rig() {
  const values = new Map<string, unknown>();
  let alarmAt: number | null = null;
  const storage = {
    get: async (key: string) => values.get(key),
    put: async (key: string, value: unknown) => void values.set(key, value),
    getAlarm: async () => alarmAt,
    setAlarm: async (at: number) => {
      alarmAt = at;
    },
  } as unknown as Storage;
  const config = { idleMs: 600_000, watchdogMs: 180_000 } as Config;
  const clock = { now: () => NOW, after: () => () => {} };
  const deps = { storage, clock, log: () => {}, getConfig: () => config } as unknown as Parameters<
    typeof ensureAlarm
  >[0];
  return { storage, ensure: (isRunning: boolean) => ensureAlarm(deps, createMemory(storage), isRunning) };
}
