import { describe, expect, it } from "vitest";
import type { TestAgent } from "../agents.ts";
import { giveCoins, makeBoard } from "./agents.ts";
import type { DatabaseCall } from "./database.ts";
import {
  type AttackRig,
  createAttackRig,
  execute,
  readFetches,
  readPublished,
  readTables,
  writeTables,
} from "./rig.ts";

const HOUR_MS = 3_600_000;

describe("a publication that the database does not finish", () => {
  it.each([
    ["it outlasts every deadline", () => new Promise<never>(() => {})],
    ["D1 gives it up", () => Promise.reject(new Error("D1_ERROR: D1 DB exceeded its CPU time limit and was reset"))],
  ])("does not stall the rebuild: ticks commit without it and say so (%s)", async (_, end) => {
    const agents = makeBoard(30);
    const rig = await createAttackRig({ agents, vars: { CHUNK_SIZE: "10" } });
    giveCoins(rig.upstreams, agents);
    await rig.alarms(3);
    const before = await readPublished();
    rig.onDatabase = (call, run) => (isPublication(call) ? end() : run());
    const since = rig.now;
    await rig.run(60);
    const late = [...(await readFetches())].filter(([, row]) => Math.min(row.stacksGoodAt, row.bitcoinGoodAt) <= since);
    expect(late.map(([address]) => address)).toEqual([]);
    expect((await readPublished())?.version).toBe(before?.version);
    const told = rig.logs
      .filter(({ at }) => at > since)
      .map(({ fields, event }) => `${event} ${JSON.stringify(fields)}`);
    expect(told.some((line) => /publi(?:sh|cation)/i.test(line))).toBe(true);
    rig.onDatabase = undefined;
    await rig.run(20);
    expect((await readPublished())?.version).toBeGreaterThan(before?.version ?? 0);
  });
});

describe("versions", () => {
  it("go on past a stray row of the next one", async () => {
    const { rig } = await start(5);
    await rig.alarms(2);
    const version = (await readPublished())?.version ?? 0;
    await execute(
      `INSERT INTO standings (version, rank, stx_address, btc_address, level, level_name, total_usd, tokens, partial,
        updated_at) VALUES (?, 1, 'x', 'x', 1, 'x', 0, '[]', 0, 1)`,
      version + 1,
    );
    await changeAndRun(rig);
    const published = await readPublished();
    expect(published?.version).toBeGreaterThan(version);
    expect(published?.rows.size).toBe(5);
    expect(published?.rows.has("x")).toBe(false);
  });

  it("are never used again after the database went back in time", async () => {
    const { rig } = await start(5);
    await rig.alarms(2);
    const earlier = await readTables();
    await changeAndRun(rig);
    const seen = (await readPublished())?.version ?? 0;
    expect(seen).toBeGreaterThan(Math.max(...(earlier.publications ?? []).map((row) => Number(row.version))));
    await writeTables(earlier);
    await changeAndRun(rig, "99000000");
    const versions = (await execute("SELECT version FROM publications")).map((row) => Number(row.version));
    const known = (earlier.publications ?? []).map((row) => Number(row.version));
    expect(versions.filter((version) => !known.includes(version) && version <= seen)).toEqual([]);
    expect(Math.max(...versions)).toBeGreaterThan(seen);
  });
});

describe("the lock around a commit", () => {
  it("is left after twenty seconds at most, however slowly the database fails", async () => {
    const { rig } = await start(5);
    await rig.alarm();
    rig.onDatabase = async (call, run) => {
      if (!call.inLock) return run();
      await rig.sleep(7_900);
      if (/INSERT INTO/i.test(call.sql)) throw new Error("D1_ERROR: Network connection lost.");
      return run();
    };
    const { lockMs } = await rig.alarm();
    expect(lockMs).toBeGreaterThan(0);
    expect(lockMs).toBeLessThanOrEqual(20_000);
  });
});

describe("the subrequest budget", () => {
  it.each([1, 3, 10, 30])("is kept while the database refuses %i agents of a full chunk", async (refused) => {
    const { rig, agents } = await start(100);
    await rig.alarm();
    const poison = agents.filter((_, index) => index % Math.floor(100 / refused) === 0).slice(0, refused);
    for (const { stxAddress } of agents) rig.upstreams.stx.set(stxAddress, "77000000");
    rig.onDatabase = (call, run) => {
      const isRefused = poison.some(({ stxAddress }) => writesBalanceOf(stxAddress, call));
      return isRefused ? Promise.reject(new Error("D1_ERROR: CHECK constraint failed: SQLITE_CONSTRAINT")) : run();
    };
    const fired = await rig.alarms(6);
    expect(Math.max(...fired.map(({ subrequests }) => subrequests))).toBeLessThanOrEqual(250);
  });
});

describe("a monthly budget", () => {
  it("of 450 calls does not put off the time from when the ranking is stale beyond six hours", async () => {
    const agents = makeBoard(430);
    const rig = await createAttackRig({ agents, vars: { HIRO_MONTHLY_BUDGET: "450" } });
    giveCoins(rig.upstreams, agents);
    await rig.alarms(5);
    const published = await readPublished();
    expect((published?.staleAfter ?? 0) - (published?.publishedAt ?? 0)).toBeLessThanOrEqual(6 * HOUR_MS);
  });
});

async function start(n: number): Promise<{ rig: AttackRig; agents: TestAgent[] }> {
  const agents = makeBoard(n);
  const rig = await createAttackRig({ agents });
  giveCoins(rig.upstreams, agents);
  return { rig, agents };
}

/** Something to publish, and time to do so. */
async function changeAndRun(rig: AttackRig, amount = "55000000"): Promise<void> {
  for (const address of rig.upstreams.stx.keys()) rig.upstreams.stx.set(address, amount);
  await rig.alarms(3);
}

const isPublication = ({ sql }: DatabaseCall) => /INSERT INTO\s+"?(?:standings|publications)\b/i.test(sql);

/** Whether a batch stores an amount of the agent's. */
function writesBalanceOf(address: string, { sql, parameters }: DatabaseCall): boolean {
  return /INSERT INTO\s+"?balances\b/i.test(sql) && parameters.some((value) => isAmountOf(address, value));
}

function isAmountOf(address: string, parameter: unknown): boolean {
  if (typeof parameter !== "string") return false;
  return parameter.includes(address) && parameter.includes('"raw"');
}
