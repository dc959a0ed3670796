import { resolve } from "node:path";
import { BadInput } from "@standings/upstream-sim/bad-input";
import { describe, expect, it } from "vitest";
import { parseStartOptions } from "../src/start/options.ts";

describe("the options of a start", () => {
  it("are local intervals of seconds, simulated hosts and a fixed token unless told otherwise", () => {
    expect(parse({})).toMatchObject({
      port: 8787,
      live: false,
      adminToken: "local-admin-token",
      rosterFile: undefined,
      overrides: {},
      vars: { ALARM_INTERVAL_ACTIVE_MS: "2000", ALARM_INTERVAL_IDLE_MS: "5000", ALARM_WATCHDOG_MS: "10000" },
      secrets: {},
    });
  });

  it("take ports, vars, keys and base URLs from the environment", () => {
    const options = parse({
      PORT: "9000",
      CHUNK_SIZE: "7",
      ALARM_WATCHDOG_MS: "4000",
      HIRO_API_KEY: "abc-123",
      HIRO_API_URL: "http://127.0.0.1:1/hiro/",
      UPSTREAM_LATENCY_MS: "10-20",
      UPSTREAM_FAULTS: '[{"kind":"429"}]',
    });
    expect(options).toMatchObject({
      port: 9000,
      vars: { CHUNK_SIZE: "7", ALARM_WATCHDOG_MS: "4000" },
      secrets: { HIRO_API_KEY: "abc-123" },
      overrides: { HIRO_API_URL: "http://127.0.0.1:1/hiro" },
      upstream: { latency: { minMs: 10, maxMs: 20 }, faults: [expect.objectContaining({ kind: "429" })] },
    });
  });

  it("leave the intervals of the config alone for public hosts", () => {
    expect(parse({}, ["--live"])).toMatchObject({ live: true, vars: {} });
    expect(parse({ ALARM_WATCHDOG_MS: "9000" }, ["--live"]).vars).toEqual({ ALARM_WATCHDOG_MS: "9000" });
  });

  it("treat an empty variable as unset", () => {
    expect(parse({ PORT: "", STATE_DIR: "", HIRO_API_URL: "", REPLAY_DIR: "" })).toEqual(parse({}));
  });

  it.each([
    [{ PORT: "http" }, /^PORT: "http" is not a whole number from 1 to 65535$/],
    [{ PORT: "0" }, /^PORT/],
    [{ PORT: "65536" }, /^PORT/],
    [{ CHUNK_SIZE: "1.5" }, /^CHUNK_SIZE/],
    [{ CHUNK_SIZE: "501" }, /^CHUNK_SIZE/],
    [{ ALARM_INTERVAL_ACTIVE_MS: "-1" }, /^ALARM_INTERVAL_ACTIVE_MS/],
    [{ UPSTREAM_LATENCY_MS: "60-5" }, /^UPSTREAM_LATENCY_MS/],
    [{ UPSTREAM_FAULTS: "{" }, /^UPSTREAM_FAULTS: not JSON/],
    [{ UPSTREAM_FAULTS: '[{"kind":"x"}]' }, /^UPSTREAM_FAULTS/],
    [{ HIRO_API_URL: "api.hiro.so" }, /^HIRO_API_URL/],
    [{ HIRO_API_URL: "ftp://api.hiro.so" }, /^HIRO_API_URL/],
    [{ HIRO_API_URL: "https://api.hiro.so?x=1" }, /^HIRO_API_URL/],
    [{ ADMIN_TOKEN: "two words" }, /^ADMIN_TOKEN: may only have/],
    [{ HIRO_API_KEY: "it's" }, /^HIRO_API_KEY: may only have/],
  ])("refuse %j in one line", (env, message) => {
    expect(() => parse(env)).toThrow(BadInput);
    expect(() => parse(env)).toThrow(message);
    expect(() => parse(env)).not.toThrow(/\n/);
  });

  it("never repeat a secret that is refused", () => {
    expect(() => parse({ ADMIN_TOKEN: "two words" })).not.toThrow(/two words/);
  });

  it("refuse unknown arguments, and recorded answers from public hosts", () => {
    expect(() => parse({}, ["--life"])).toThrow("unknown argument --life");
    expect(() => parse({ REPLAY_DIR: "x" }, ["--live"])).toThrow("exclude each other");
  });
});

describe("the state folder", () => {
  it("differs with what feeds the board, and stays the same for the same feed", () => {
    const folders = [
      parse({}),
      parse({}, ["--live"]),
      parse({ REPLAY_DIR: "a/replay" }),
      parse({ REPLAY_DIR: "b/replay" }),
      parse({ ROSTER_FILE: "a/roster.json" }),
      parse({ ROSTER_FILE: "a/roster.json", REPLAY_DIR: "a/replay" }),
      parse({ HIRO_API_URL: "http://127.0.0.1:1" }),
      parse({ UPSTREAM_SEED: "other" }),
    ].map((options) => options.stateDir);
    expect(new Set(folders).size).toBe(folders.length);
    expect(folders.slice(0, 2)).toEqual(["/repository/.standings/simulated", "/repository/.standings/live"]);
    expect(folders[2]).toMatch(/^\/repository\/\.standings\/replay-[0-9a-f]{8}$/);
    expect(folders[4]).toMatch(/^\/repository\/\.standings\/roster-[0-9a-f]{8}$/);
    expect(parse({ REPLAY_DIR: resolve("a/replay") }).stateDir).toBe(folders[2]);
  });

  it("is STATE_DIR when that is set, from where the command runs", () => {
    expect(parse({ STATE_DIR: "/somewhere" }).stateDir).toBe("/somewhere");
    expect(parse({ STATE_DIR: "here" }).stateDir).toBe(resolve("here"));
  });
});

function parse(env: Record<string, string>, args: string[] = []) {
  return parseStartOptions(args, env, "/repository");
}
