import { describe, expect, it } from "vitest";
import { giveCoins, makeBoard } from "./agents.ts";
import { createAttackRig, execute, readFetches } from "./rig.ts";

const MINUTE_MS = 60_000;

describe("agents whose answers bring the tick down", () => {
  it("are found once and passed over for a day, and cost nobody else a rotation", async () => {
    const agents = makeBoard(100);
    const vars = { ALARM_INTERVAL_ACTIVE_MS: "600000" }; // fewer ticks in the same hours
    const rig = await createAttackRig({ agents, vars });
    giveCoins(rig.upstreams, agents);
    await rig.alarm();
    const poison = new Set([agents[20], agents[50], agents[80]].map((agent) => agent?.stxAddress));
    rig.upstreams.intercept = ({ address }) => (poison.has(address) ? rig.crash() : undefined);
    await rig.run(6 * 60); // time enough to find all three
    const fired = await rig.run(4 * 60);
    expect(fired.filter(({ crashed }) => crashed).length).toBe(0);
    const fetches = await readFetches();
    const stale = agents.filter(({ stxAddress }) => {
      return !poison.has(stxAddress) && (fetches.get(stxAddress)?.stacksGoodAt ?? 0) < rig.now - 25 * MINUTE_MS;
    });
    expect(stale).toEqual([]);
  }, 180_000);
});

describe("crashes that no agent causes", () => {
  it("leave no healthy agent marked, and everybody is asked again as soon as they end", async () => {
    const agents = makeBoard(20);
    const rig = await createAttackRig({ agents });
    giveCoins(rig.upstreams, agents);
    await rig.alarms(2);
    const marked = new Set<string>();
    rig.upstreams.intercept = ({ kind }) => (kind === "balance" ? rig.crash() : undefined);
    for (const until = rig.now + 4 * 60 * MINUTE_MS; rig.now < until; ) {
      await rig.alarm();
      for (const [address, row] of await readFetches()) {
        if (row.stacksError !== null || row.bitcoinError !== null) marked.add(address);
      }
    }
    expect([...marked]).toEqual([]);
    rig.upstreams.intercept = () => undefined;
    const endedAt = rig.now;
    await rig.run(20);
    const late = [...(await readFetches())].filter(
      ([, row]) => Math.min(row.stacksGoodAt, row.bitcoinGoodAt) < endedAt,
    );
    expect(late.map(([address]) => address)).toEqual([]);
    expect(await execute("SELECT agent_address FROM fetches WHERE stacks_error IS NOT NULL")).toEqual([]);
  });
});
