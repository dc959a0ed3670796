import { beforeEach, describe, expect, it } from "vitest";
import { makeAgents, type TestAgent, toRosterText } from "./agents.ts";
import { readBalances, readErrors, readListed, readRanking, readStandings, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const ROSTER_EVERY_TICK = { ROSTER_MAX_AGE_MS: "1" };
const agents = makeAgents(2);
const [first, second] = agents as [TestAgent, TestAgent];

beforeEach(wipeDatabase);

it.each(["hiro", "mempool"] as const)(
  "leaves an agent pending until %s has answered once too, and never takes it back",
  async (host) => {
    const rig = createRig(agents);
    const fail = () => {
      rig.upstream.intercept = (call) =>
        call.host === host && [second.stxAddress, second.btcAddress].includes(call.address ?? "")
          ? respond(500)
          : undefined;
    };
    fail();
    await rig.alarm();
    expect((await readRanking()).map(([address]) => address)).toEqual([first.stxAddress]);
    expect((await rig.status()).publication).toMatchObject({ agents: 1, pending: 1, coveragePercent: 50 });
    rig.upstream.intercept = () => undefined;
    await rig.alarm();
    expect((await readRanking()).length).toBe(2);
    fail();
    await rig.alarm();
    const rows = (await readStandings()).map((row) => [row.stx_address, row.partial]);
    expect(Object.fromEntries(rows)).toEqual({ [first.stxAddress]: false, [second.stxAddress]: true });
  },
);

it("ranks by what the counted tokens are worth, whoever leads", async () => {
  const rig = createRig(agents);
  rig.holdings.stx.set(first.stxAddress, 10_000_000).set(second.stxAddress, 20_000_000);
  await rig.alarm();
  expect(await readRanking()).toEqual([
    [second.stxAddress, 16_000_000],
    [first.stxAddress, 8_000_000],
  ]);
  rig.holdings.btc.set(first.btcAddress, 100_000);
  await rig.alarm();
  expect(await readRanking()).toEqual([
    [first.stxAddress, 108_000_000],
    [second.stxAddress, 16_000_000],
  ]);
});

it("keeps everybody when agents swap or correct their Bitcoin addresses, marked until the new one has answered", async () => {
  const rig = createRig(agents, { vars: ROSTER_EVERY_TICK });
  rig.holdings.btc.set(first.btcAddress, 111).set(second.btcAddress, 222);
  await rig.alarm();
  const swapped = [
    { ...first, btcAddress: second.btcAddress },
    { ...second, btcAddress: first.btcAddress },
  ];
  rig.roster = toRosterText(swapped);
  rig.upstream.intercept = ({ host, address }) => (host === "mempool" && address ? respond(500) : undefined);
  await rig.alarm();
  expect((await readStandings()).map((row) => row.partial)).toEqual([true, true]);
  rig.upstream.intercept = () => undefined;
  await rig.alarm();
  expect((await readStandings()).map((row) => row.partial)).toEqual([false, false]);
  expect(await readBalances()).toMatchObject({
    [first.stxAddress]: { "btc-l1": "222" },
    [second.stxAddress]: { "btc-l1": "111" },
  });
});

describe("an agent that comes back", () => {
  it("within the day is ranked as it was", async () => {
    const rig = createRig(makeAgents(8), { vars: ROSTER_EVERY_TICK });
    giveCoins(rig, rig.agents);
    await rig.alarm();
    rig.roster = toRosterText(rig.agents.slice(0, 7));
    await rig.alarm();
    expect((await readRanking()).length).toBe(7);
    rig.roster = toRosterText(rig.agents);
    rig.upstream.intercept = ({ address }) => (address === rig.agents[7]?.stxAddress ? respond(500) : undefined);
    await rig.alarm();
    expect((await readRanking()).length).toBe(8);
  });

  it("after twenty days is pending until both lanes have answered again", async () => {
    const rig = createRig(makeAgents(8), { vars: ROSTER_EVERY_TICK });
    giveCoins(rig, rig.agents);
    await rig.alarm();
    rig.roster = toRosterText(rig.agents.slice(0, 7));
    await rig.alarm();
    rig.nowMs += 20 * 24 * 60 * MINUTE_MS;
    rig.roster = toRosterText(rig.agents);
    rig.upstream.intercept = ({ address }) => (address === rig.agents[7]?.stxAddress ? respond(500) : undefined);
    await rig.alarms(2);
    expect((await readListed()).length).toBe(8);
    expect((await readRanking()).length).toBe(7);
    rig.upstream.intercept = () => undefined;
    await rig.alarm();
    expect((await readRanking()).length).toBe(8);
    expect(await readErrors("stacks")).toEqual({});
  });
});

it("counts a Bitcoin address that two agents claim for the one verified first", async () => {
  const late = { ...first, verifiedAt: "2026-05-02T00:00:00.000Z" };
  const early = { ...second, btcAddress: first.btcAddress, verifiedAt: "2026-01-02T00:00:00.000Z" };
  const rig = createRig([late, early]);
  rig.holdings.btc.set(first.btcAddress, 100_000_000);
  await rig.alarm();
  expect(await readRanking()).toEqual([
    [second.stxAddress, 100_000_000_000],
    [first.stxAddress, 0],
  ]);
  const [, other] = await readStandings();
  expect(other?.tokens).toMatchObject([{ id: "btc-l1", raw: "100000000", counted: false }]);
  expect((await rig.status()).roster.sharedBtcAddresses).toBe(1);
});
