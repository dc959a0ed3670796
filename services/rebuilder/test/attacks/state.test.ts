import { describe, expect, it } from "vitest";
import { toRosterText } from "../agents.ts";
import crashed from "../fixtures/first-release/crashed.json";
import midRotation from "../fixtures/first-release/mid-rotation.json";
import troubled from "../fixtures/first-release/troubled.json";
import { SBTC } from "./agents.ts";
import { type AttackRig, createAttackRig, execute, readBalances } from "./rig.ts";

type Fixture = typeof midRotation | typeof troubled | typeof crashed;
type Stored = Record<string, Record<string, unknown>>;

const FIXTURES = { midRotation, troubled, crashed } as const;

describe.each(Object.values(FIXTURES))("what the first release stored ($name)", (fixture) => {
  it("is taken up: no balance changes, versions go on, all that operators may do works", async () => {
    const rig = await takeUp(fixture);
    const [before, versions] = [await readBalances(), await listVersions()];
    expect(await rig.status()).toMatchObject({ now: rig.now });
    await rig.resume();
    await rig.alarms(4);
    for (const [agent, amounts] of Object.entries(before)) {
      expect((await readBalances())[agent]).toEqual(expect.objectContaining(amounts));
    }
    await rig.pause({ reason: "a test" });
    expect((await rig.status()).state).toBe("paused");
    await rig.resume();
    await rig.reset();
    expect(await rig.accept("nothing-of-this-name")).toEqual({ ok: false, reason: "unknown-id" });
    for (const address of rig.upstreams.stx.keys()) rig.upstreams.stx.set(address, "88000000");
    await rig.tick();
    await rig.alarms(3);
    expect(Math.max(...(await listVersions()))).toBeGreaterThan(Math.max(...versions));
    expect((await rig.status()).consecutiveFailures).toBe(0);
  });
});

describe("a stored state that lacks a field of today", () => {
  const fields = Object.keys(midRotation.stored.state);

  it.each(fields)("is completed: status answers and three ticks commit (%s)", async (field) => {
    const stored = structuredClone(midRotation.stored) as unknown as Stored;
    delete stored.state?.[field];
    await expectAlive(await takeUp(midRotation, stored));
  });

  const parts = [
    "hosts.hiro",
    "hosts.hiro.quota",
    "hiro.since",
    "roster.held",
    "roster.rejected",
    "rotation.open",
    "counters.calls",
    "interval.ms",
  ];

  it.each(parts)("is completed, also inside: status answers and three ticks commit (%s)", async (path) => {
    const stored = structuredClone(midRotation.stored) as unknown as Stored;
    const names = path.split(".");
    const last = names.pop() ?? "";
    const parent = names.reduce((object, name) => object?.[name] as Stored, stored.state as unknown as Stored);
    delete parent[last];
    await expectAlive(await takeUp(midRotation, stored));
  });

  it.each(["paused", "resets", "acceptedIds", "forced", "watchdogRearms"])(
    "is completed where operators wrote: they are heard and three ticks commit (control.%s)",
    async (field) => {
      const stored = structuredClone(troubled.stored) as unknown as Stored;
      delete stored.control?.[field];
      const rig = await takeUp(troubled, stored);
      await rig.pause({ reason: "a test" });
      await rig.resume();
      await rig.reset();
      await rig.tick();
      await expectAlive(rig);
    },
  );
});

describe("a stored state that cannot be read", () => {
  it.each([
    ["a text", "oops"],
    ["a number", 7],
    ["null", null],
    ["a list", []],
    ["an empty object", {}],
  ])("never stops the alarm, and leaves what is stored in the database as it is: %s", async (_, garbage) => {
    for (const key of ["state", "control", "unfinished"]) {
      const rig = await takeUp(midRotation, { ...midRotation.stored, [key]: garbage });
      const before = await readBalances();
      await expectAlive(rig);
      expect(await readBalances()).toEqual(before);
    }
  });
});

describe("the age of what the first release published", () => {
  const down = () => new Response("", { status: 503 });

  it("is told when no upstream answers from the first tick on, prices included", async () => {
    const rig = await takeUp(midRotation);
    rig.upstreams.intercept = down;
    await rig.alarms(2);
    rig.advance(20 * 60_000);
    const { freshness } = await rig.status();
    const aged = freshness?.reasons.filter(({ code }) => code === "price-old").map(({ why }) => why);
    expect(aged).toEqual(expect.arrayContaining([expect.stringContaining("btc-l1"), expect.stringContaining("stx")]));
  });

  it("is told when operators pause before the first tick and leave it at that", async () => {
    const rig = await takeUp(midRotation);
    await rig.pause({ reason: "an upgrade" });
    rig.advance(24 * 3_600_000);
    expect((await rig.status()).freshness).toMatchObject({
      status: "stale",
      reasons: expect.arrayContaining([expect.objectContaining({ code: "no-tick" })]),
    });
  });
});

async function expectAlive(rig: AttackRig): Promise<void> {
  const committed = async () => Number((await execute("SELECT max(epoch) AS n FROM tick_commits"))[0]?.n);
  const answers = () => rig.status().then(() => "answers", String);
  const before = await committed();
  expect(await answers()).toBe("answers");
  const fired = await rig.alarms(3);
  const problems = rig.logs.filter(({ event }) => event === "tick.failed").map(({ fields }) => fields.error);
  expect([...problems, ...fired.flatMap(({ threw }) => threw ?? [])]).toEqual([]);
  expect((await committed()) - before).toBe(3);
  expect(await answers()).toBe("answers");
}

/** The world as that release left it: its storage, its database, its alarm, and upstreams that say what it stored. */
async function takeUp(fixture: Fixture, stored: object = fixture.stored): Promise<AttackRig> {
  const rig = await createAttackRig({
    agents: fixture.roster,
    startMs: fixture.atMs,
    vars: { ...fixture.vars },
    stored: stored as Record<string, unknown>,
    rows: fixture.rows,
  });
  rig.readRoster = async () => toRosterText(fixture.roster);
  for (const { agent_address: agent, token_id: token, raw_amount: amount } of fixture.rows.balances) {
    if (token === "stx") rig.upstreams.stx.set(agent, amount);
    else if (token === "btc-l1") rig.upstreams.btc.set(toBitcoin(fixture, agent), Number(amount));
    else if (amount !== "0") {
      const asset = token === "sbtc" ? SBTC : `${token}::welshcorgicoin`;
      rig.upstreams.tokens.set(agent, { ...rig.upstreams.tokens.get(agent), [asset]: amount });
    }
  }
  rig.storage.setAlarmAt(fixture.alarmAtMs);
  return rig;
}

function toBitcoin({ roster }: Fixture, stxAddress: string): string {
  return roster.find((agent) => agent.stxAddress === stxAddress)?.btcAddress ?? "";
}

async function listVersions(): Promise<number[]> {
  return (await execute("SELECT version FROM publications")).map(({ version }) => Number(version));
}
