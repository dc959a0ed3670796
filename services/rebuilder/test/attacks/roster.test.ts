import { describe, expect, it } from "vitest";
import { type TestAgent, toRosterText } from "../agents.ts";
import { giveCoins, makeBoard } from "./agents.ts";
import { createAttackRig, execute, readPublished } from "./rig.ts";

const DAY_MS = 86_400_000;

describe("a shrinking roster", () => {
  it("is judged against the last day, not against the read before", async () => {
    const agents = makeBoard(100);
    const rig = await createAttackRig({ agents, vars: { ALARM_INTERVAL_ACTIVE_MS: "600000" } });
    giveCoins(rig.upstreams, agents);
    await rig.alarm();
    let left = 100;
    rig.readRoster = async () => {
      left = Math.max(1, Math.floor(left * 0.85));
      return toRosterText(agents.slice(0, left));
    };
    for (let tick = 0; tick < 40 && left > 13; tick++) await rig.alarm();
    expect(left).toBeLessThanOrEqual(13);
    expect(await countListed()).toBeGreaterThanOrEqual(80);
    expect((await rig.status()).holds?.map(({ kind }) => kind)).toEqual(["roster"]);
  });

  it("applies once an operator accepted it, though an agent joined in between", async () => {
    const agents = makeBoard(100);
    const rig = await createAttackRig({ agents });
    giveCoins(rig.upstreams, agents);
    await rig.alarm();
    rig.readRoster = async () => toRosterText(agents.slice(0, 50));
    await rig.run(15);
    const held = await rig.findHeld("roster");
    expect(held).toBeTypeOf("string");
    expect(await countListed()).toBe(100);
    rig.readRoster = async () => toRosterText(agents.slice(0, 51));
    expect(await rig.accept(held ?? "")).toMatchObject({ ok: true });
    await rig.run(15);
    expect(await countListed()).toBe(51);
  });

  it("is written behind the fence: a tick that lost to another leaves nothing of its roster", async () => {
    const agents = makeBoard(10);
    const newer = agents.slice(0, 9);
    const rig = await createAttackRig({ agents });
    giveCoins(rig.upstreams, agents);
    let phase: "reading" | "fetching" | "over" = "reading";
    rig.readRoster = async () => {
      await rig.competitor(toRosterText(newer));
      phase = "fetching";
      return toRosterText(agents);
    };
    rig.upstreams.intercept = ({ kind }) => {
      if (kind !== "balance" || phase !== "fetching") return undefined;
      phase = "over";
      return rig.competitor(null).then(() => new Response("", { status: 500 }));
    };
    await rig.alarm();
    expect(phase).toBe("over");
    expect((await execute("SELECT tick_id FROM tick_commits")).length).toBe(2); // both of the other
    expect(await countListed()).toBe(9);
  });
});

describe("one Bitcoin address that two agents claim", () => {
  it("counts once, for the agent verified first", async () => {
    const [late, early, other] = makeBoard(3) as [TestAgent, TestAgent, TestAgent];
    const agents = [
      { ...late, verifiedAt: "2026-05-02T00:00:00.000Z" },
      { ...early, btcAddress: late.btcAddress, verifiedAt: "2026-01-02T00:00:00.000Z" },
      { ...other, verifiedAt: "2026-03-02T00:00:00.000Z" },
    ];
    const rig = await createAttackRig({ agents });
    rig.upstreams.btc.set(late.btcAddress, 100_000_000);
    await rig.alarms(2);
    const published = await readPublished();
    expect(published?.totalUsd).toBe(100_000);
    expect(published?.rows.get(early.stxAddress)?.totalUsd).toBe(100_000);
    expect(published?.rows.get(late.stxAddress)?.totalUsd).toBe(0);
    expect(published?.rows.get(late.stxAddress)?.tokens).toContain("100000000");
  });
});

describe("an agent that comes back after twenty days", () => {
  it("is not ranked on balances of then as if they were of now", async () => {
    const agents = makeBoard(8);
    const rig = await createAttackRig({ agents, vars: { CHUNK_SIZE: "2" } });
    giveCoins(rig.upstreams, agents);
    await rig.alarms(4);
    const returning = agents.at(-1) as TestAgent;
    rig.readRoster = async () => toRosterText(agents.slice(0, 7));
    await rig.run(30);
    expect(await countListed()).toBe(7);
    rig.advance(20 * DAY_MS);
    await rig.run(30);
    rig.readRoster = async () => toRosterText(agents);
    const looks: (boolean | undefined)[] = [];
    rig.upstreams.intercept = ({ address }) =>
      address === returning.stxAddress || address === returning.btcAddress
        ? new Response("", { status: 500 })
        : undefined;
    for (let tick = 0; tick < 20 && (await countListed()) < 8; tick++) await rig.alarm();
    for (let tick = 0; tick < 6; tick++) {
      looks.push((await readPublished())?.rows.get(returning.stxAddress)?.partial);
      await rig.alarm();
    }
    expect(looks).not.toContain(false); // off the ranking, or marked; never as if nothing had happened
  });
});

async function countListed(): Promise<number> {
  return Number((await execute("SELECT count(*) AS n FROM agents WHERE removed_at IS NULL"))[0]?.n);
}
