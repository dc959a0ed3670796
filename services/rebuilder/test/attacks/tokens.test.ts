import { describe, expect, it } from "vitest";
import type { TestAgent } from "../agents.ts";
import { giveCoins, makeBoard } from "./agents.ts";
import { type AttackRig, createAttackRig, execute, readBalances, readFetches, readPublished } from "./rig.ts";

const MAX_UINT128 = 2n ** 128n - 1n;
const DAY_MS = 86_400_000;
const SPAM = "SP3NE50GEXFG9SZGTT51P40X2CKYSZ5CC4ZTZ7A2G.gift";

/** What a stranger may send: nothing of it counts. */
const GIFTS: Record<string, Record<string, string>> = {
  "two assets of one contract that together pass uint128": {
    [`${SPAM}::left`]: String(MAX_UINT128),
    [`${SPAM}::right`]: "1",
  },
  "a negative amount": { [`${SPAM}::gift`]: "-1" },
  "an amount with letters": { [`${SPAM}::gift`]: "12three" },
  "an amount of 200 digits": { [`${SPAM}::gift`]: "9".repeat(200) },
};

describe.each(Object.entries(GIFTS))("a token that does not count, with %s,", (_, gift) => {
  it.each(["v1", "v3"])("is dropped and counted: its holder's STX moves on (%s)", async (route) => {
    const agents = makeBoard(3);
    const rig = await createAttackRig({ agents });
    if (route === "v3") rig.upstreams.intercept = goneV1;
    giveCoins(rig.upstreams, agents);
    await rig.alarm();
    const [victim] = agents as [TestAgent];
    rig.upstreams.tokens.set(victim.stxAddress, gift);
    rig.upstreams.stx.set(victim.stxAddress, "77000000");
    await rig.alarms(2);
    const balances = (await readBalances())[victim.stxAddress];
    expect(balances).toMatchObject({ stx: "77000000", sbtc: "0", "btc-l1": "1000" });
    expect(balances).not.toHaveProperty([SPAM]);
    const fetched = (await readFetches()).get(victim.stxAddress);
    expect(fetched?.stacksError).toBeNull();
    expect(fetched?.leftOut).toBeGreaterThanOrEqual(1);
  });

  it("does not keep a newcomer from the ranking", async () => {
    const agents = makeBoard(3);
    const rig = await createAttackRig({ agents });
    giveCoins(rig.upstreams, agents);
    const [newcomer] = agents as [TestAgent];
    rig.upstreams.tokens.set(newcomer.stxAddress, gift);
    await rig.alarms(2);
    expect([...((await readPublished())?.rows.keys() ?? [])].sort()).toEqual(agents.map(toAddress).sort());
  });

  it.each([
    [100, 25],
    [430, 430],
  ])("freezes nobody of %i agents when %i neighbours get it", async (n, victims) => {
    const agents = makeBoard(n);
    const rig = await createAttackRig({ agents });
    giveCoins(rig.upstreams, agents);
    await rig.alarms(5);
    for (const { stxAddress } of agents.slice(0, victims)) rig.upstreams.tokens.set(stxAddress, gift);
    for (const { stxAddress } of agents) rig.upstreams.stx.set(stxAddress, "77000000");
    await rig.alarms(6);
    expect(await listFrozen(rig, agents)).toEqual([]);
  });
});

describe("a token that nobody holds any more", () => {
  it("is forgotten", async () => {
    const agents = makeBoard(3);
    const rig = await createAttackRig({ agents });
    giveCoins(rig.upstreams, agents);
    const [agent] = agents as [TestAgent];
    rig.upstreams.tokens.set(agent.stxAddress, { [`${SPAM}::gift`]: "5" });
    await rig.alarms(2);
    expect((await execute("SELECT * FROM tokens WHERE token_id = ?", SPAM)).length).toBe(1);
    rig.upstreams.tokens.delete(agent.stxAddress);
    for (let day = 0; day < 45; day++) {
      await rig.alarms(2);
      rig.advance(DAY_MS);
    }
    expect((await readBalances())[agent.stxAddress]?.[SPAM]).toBeUndefined();
    expect(await execute("SELECT * FROM tokens WHERE token_id = ?", SPAM)).toEqual([]);
  });
});

const toAddress = ({ stxAddress }: TestAgent) => stxAddress;

const goneV1 = ({ path }: { path: string }) =>
  path.startsWith("/extended/v1/") ? new Response("", { status: 410 }) : undefined;

async function listFrozen({ upstreams }: AttackRig, agents: readonly TestAgent[]): Promise<string[]> {
  const balances = await readBalances();
  return agents.map(toAddress).filter((address) => balances[address]?.stx !== upstreams.stx.get(address));
}
