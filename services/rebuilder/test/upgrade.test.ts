import { SBTC_ASSET_ID } from "@standings/upstream-sim";
import { beforeEach, describe, expect, it } from "vitest";
import { FIRST_RELEASE_KEYS } from "../src/rebuild/first-release.ts";
import { KEYS } from "../src/rebuild/memory.ts";
import { type TestAgent, toRosterText } from "./agents.ts";
import {
  readBalances,
  readCommits,
  readFetches,
  readListed,
  readStandings,
  readVersion,
  writeTables,
} from "./database.ts";
import crashed from "./fixtures/first-release/crashed.json";
import midRotation from "./fixtures/first-release/mid-rotation.json";
import troubled from "./fixtures/first-release/troubled.json";
import { createRig, isAbout, isWitness, type Rig, respond } from "./rig.ts";

interface Fixture {
  name: string;
  atMs: number;
  alarmAtMs: number;
  vars: Record<string, string>;
  roster: TestAgent[];
  stored: Record<string, unknown>;
  rows: Record<string, Record<string, unknown>[]>;
}

const FIXTURES = [midRotation, troubled, crashed] as unknown as Fixture[];
let rig: Rig;

describe.each(FIXTURES)("what the first release left ($name)", (fixture) => {
  const before = toBalances(fixture);
  const newest = {
    version: Math.max(...column(fixture, "publications", "version")),
    epoch: Math.max(...column(fixture, "tick_commits", "epoch")),
    rotation: Math.max(...column(fixture, "publications", "rotation"), ...column(fixture, "fetches", "rotation")),
  };
  const isPaused = fixture.name === "troubled";

  beforeEach(async () => {
    rig = await takeUp(fixture);
  });

  it("is all there before the first tick", async () => {
    const status = await rig.status();
    const { state } = fixture.stored as { state: { ticks: object[]; counters: object; roster: { accepted: number } } };
    expect(status).toMatchObject({ state: isPaused ? "paused" : "idle", epoch: newest.epoch, stateProblem: null });
    expect(status.alarmAt).toBe(fixture.alarmAtMs);
    expect(status.counters).toEqual(state.counters);
    expect(status.ticks.length).toBe(state.ticks.length);
    expect(status.roster.accepted).toBe(state.roster.accepted);
    expect(status.publication?.version).toBe(newest.version);
    expect(status.holds).toEqual([]);
  });

  it("goes on: no balance changes, versions, epochs and rotations rise, everybody is refreshed", async () => {
    await rig.resume();
    const { startedAt: since, ...first } = await rig.alarm();
    expect(first).toMatchObject({ outcome: "committed", epoch: newest.epoch + 1 });
    expect([first.lanes.stacks.rotation, first.lanes.bitcoin.rotation]).toEqual([
      newest.rotation + 1,
      newest.rotation + 1,
    ]);
    expect(first.lanes.stacks.cursorBefore).toBe("");
    await rig.alarms(3);
    const after = await readBalances();
    for (const [agent, tokens] of Object.entries(before)) expect(after[agent]).toEqual(tokens);
    expect(Object.keys(after).sort()).toEqual(fixture.roster.map(({ stxAddress }) => stxAddress).sort());
    for (const row of (await readFetches()).values()) {
      expect(Math.min(row.stacks_good_at ?? 0, row.bitcoin_good_at ?? 0)).toBeGreaterThanOrEqual(since);
    }
    expect(await readVersion()).toBeGreaterThan(newest.version);
    expect((await readStandings()).length).toBe(fixture.roster.length);
    expect((await readStandings()).some(({ partial }) => partial)).toBe(false);
    expect((await readCommits()).map(({ place }) => place !== null).lastIndexOf(false)).toBe(newest.epoch - 1);
  });

  it("takes every action of an operator", async () => {
    expect((await rig.pause({ reason: "upgrade" })).paused).toMatchObject({ reason: "upgrade" });
    expect(await rig.tick()).toEqual({ ok: false, reason: "paused" });
    expect((await rig.resume()).state).toBe("idle");
    expect(await rig.tick()).toMatchObject({ ok: true, report: { outcome: "committed" } });
    expect((await rig.reset()).state).toBe("idle");
    expect(await rig.tick()).toMatchObject({ ok: true, report: { lanes: { stacks: { cursorBefore: "" } } } });
    expect(await rig.accept("quarantine-e4921b9a")).toEqual({ ok: false, reason: "unknown-id" });
    expect((await rig.ensureAlarm()).alarmAt).toBeGreaterThan(rig.nowMs);
    expect((await rig.status()).stateProblem).toBeNull();
    expect(rig.logged("memory.unreadable")).toEqual([]);
  });

  it("is left as it was, so that a rollback finds it", async () => {
    await rig.pause({});
    await rig.resume();
    await rig.alarms(3);
    await rig.reset();
    await rig.alarm();
    for (const key of Object.values(FIRST_RELEASE_KEYS)) expect(rig.storage.read(key)).toEqual(fixture.stored[key]);
    expect(Object.keys(rig.storage.dump()).sort()).toEqual(
      [...new Set([...Object.keys(fixture.stored), ...Object.values(KEYS)])].sort(),
    );
    const rotations = [...(await readFetches()).values()].map(({ rotation }) => rotation);
    expect(Math.min(...rotations)).toBeGreaterThan(newest.rotation);
  });

  it("is read once: what is stored since then counts", async () => {
    await rig.resume();
    await rig.alarms(2);
    rig.storage.write(FIRST_RELEASE_KEYS.state, "overwritten by a release that was rolled back");
    const { epoch } = await rig.status();
    expect(epoch).toBe(newest.epoch + 2);
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", epoch: newest.epoch + 3 });
  });

  it("serves from D1 alone when the object's storage is lost", async () => {
    rig = await takeUp({ ...fixture, stored: {} });
    const first = await rig.alarm();
    expect(first).toMatchObject({ outcome: "committed", epoch: newest.epoch + 1 });
    expect(first.lanes.stacks.rotation).toBe(newest.rotation + 1);
    await rig.alarms(3);
    expect(await readVersion()).toBeGreaterThan(newest.version);
    const after = await readBalances();
    for (const [agent, tokens] of Object.entries(before)) expect(after[agent]).toEqual(tokens);
  });

  it("is what a pause, a lost alarm and a broken database meet at first, too", async () => {
    rig.isDatabaseDown = true;
    rig.storage.alarmAt = null;
    expect((await rig.status()).alarmAt).toBe(rig.nowMs + 1_000);
    await rig.fire();
    expect(rig.storage.alarmAt).toBeGreaterThan(rig.nowMs);
    rig.isDatabaseDown = false;
    await rig.resume();
    expect(await rig.alarm()).toMatchObject({ outcome: "committed", epoch: newest.epoch + 1 });
  });
});

describe("a quarantine that stands at the upgrade", () => {
  beforeEach(async () => {
    rig = await takeUp(troubled as unknown as Fixture);
    for (const { stxAddress } of rig.agents) rig.holdings.stx.set(stxAddress, 0);
    await rig.resume();
  });

  it("is dropped and judged anew: without another route the claim is a hold", async () => {
    rig.upstream.intercept = (call) => (isWitness(call) ? respond(503) : undefined);
    await rig.alarm();
    const { holds } = await rig.status();
    expect(holds).toMatchObject([{ kind: "fall", subject: "stx", since: rig.nowMs }]);
    expect(Object.values(await readBalances()).some(({ stx }) => stx === "0")).toBe(false);
    expect(await rig.accept(holds[0]?.id ?? "")).toEqual({ ok: true });
    await rig.alarm();
    expect(new Set(Object.values(await readBalances()).map(({ stx }) => stx))).toEqual(new Set(["0"]));
  });

  it("is dropped and judged anew: another route that agrees is believed at once", async () => {
    await rig.alarm();
    expect((await rig.status()).holds).toEqual([]);
    expect(new Set(Object.values(await readBalances()).map(({ stx }) => stx))).toEqual(new Set(["0"]));
  });
});

it("a roster that was held back at the upgrade is read and judged anew, against the agents that are listed", async () => {
  rig = await takeUp(troubled as unknown as Fixture);
  rig.roster = toRosterText(rig.agents.slice(0, 6));
  await rig.resume();
  await rig.alarm();
  const { holds } = await rig.status();
  expect(holds).toMatchObject([{ kind: "roster", detail: "the roster shrank from 12 to 6 agents" }]);
  expect((await readListed()).length).toBe(12);
  await rig.accept(holds[0]?.id ?? "");
  await rig.alarm();
  expect((await readListed()).length).toBe(6);
});

it("a lane whose breaker was open at the upgrade is asked at once, and rests anew when its host still fails", async () => {
  rig = await takeUp(troubled as unknown as Fixture);
  rig.upstream.intercept = (call) => (isAbout("bitcoin", call) ? respond(500) : undefined);
  await rig.resume();
  const { lanes } = await rig.alarm();
  expect(lanes.stacks).toMatchObject({ asked: 12, failed: 0 });
  expect((await rig.status()).lanes).toMatchObject({ stacks: { health: "well" }, bitcoin: { health: "resting" } });
});

it("a host that had said how long to wait is left alone until then", async () => {
  const fixture = structuredClone(midRotation) as unknown as Fixture;
  const { hosts } = fixture.stored.state as { hosts: Record<string, object> };
  const said = { breaker: "open", notBefore: fixture.atMs + 30 * 60_000, lastError: "rate-limited" };
  Object.assign(hosts, { hiro: { ...hosts.hiro, ...said } });
  rig = await takeUp(fixture);
  await rig.alarms(3);
  expect(rig.upstream.calls.filter((call) => isAbout("stacks", call))).toEqual([]);
  await rig.run(40);
  expect((await rig.alarm()).lanes.stacks.asked).toBeGreaterThan(0);
});

/** The rebuild of this release over what a release before it left; the chains are as its database knows them. */
async function takeUp({ roster, vars, atMs, alarmAtMs, stored, rows }: Fixture): Promise<Rig> {
  await writeTables(rows);
  const taken = createRig(roster, { vars, startMs: atMs, stored });
  taken.storage.alarmAt = alarmAtMs;
  const symbols = new Map(rows.tokens?.map((row) => [String(row.token_id), String(row.symbol)]));
  for (const { stxAddress, btcAddress } of roster) {
    const known = toBalances({ rows })[stxAddress] ?? {};
    const { stx = "0", sbtc = "0", "btc-l1": btc = "0", ...others } = known;
    taken.holdings.stx.set(stxAddress, stx);
    taken.holdings.btc.set(btcAddress, btc);
    const tokens = Object.entries(others).map(([id, amount]) => [`${id}::${symbols.get(id)}`, amount]);
    taken.holdings.tokens.set(stxAddress, { [SBTC_ASSET_ID]: sbtc, ...Object.fromEntries(tokens) });
  }
  return taken;
}

function toBalances({ rows }: Pick<Fixture, "rows">): Record<string, Record<string, string>> {
  const balances: Record<string, Record<string, string>> = {};
  for (const { agent_address, token_id, raw_amount } of rows.balances ?? []) {
    const agent = String(agent_address);
    balances[agent] = { ...balances[agent], [String(token_id)]: String(raw_amount) };
  }
  return balances;
}

function column({ rows }: Fixture, table: string, name: string): number[] {
  return (rows[table] ?? []).map((row) => Number(row[name]));
}
