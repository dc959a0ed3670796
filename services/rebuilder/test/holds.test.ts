import { beforeEach, describe, expect, it } from "vitest";
import { makeAgent, makeAgents, toRosterText } from "./agents.ts";
import { readListed, readRanking, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, type Rig, respond } from "./rig.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const agents = makeAgents(20);
let rig: Rig;

beforeEach(async () => {
  await wipeDatabase();
  rig = createRig(agents, { vars: { ROSTER_MAX_AGE_MS: "1" } });
  giveCoins(rig, agents);
  await rig.alarm();
});

describe("a roster that shrank", () => {
  it("is held back: the last one stays, the board is degraded, and what to do is said", async () => {
    rig.roster = toRosterText(agents.slice(0, 15));
    await rig.alarms(3);
    expect((await readListed()).length).toBe(20);
    const { holds, freshness, roster } = await rig.status();
    const since = rig.nowMs - 4 * MINUTE_MS;
    expect(holds).toMatchObject([
      { kind: "roster", subject: "roster", detail: "the roster shrank from 20 to 15 agents", since, seen: rig.nowMs },
    ]);
    expect(roster).toMatchObject({ source: "kept", problem: "the roster shrank from 20 to 15 agents" });
    expect(freshness.status).toBe("degraded");
    expect(freshness.reasons[0]?.action?.command).toBe(`accept --id ${holds[0]?.id}`);
  });

  it("is believed down to four fifths of the largest of a day", async () => {
    rig.roster = toRosterText(agents.slice(0, 16));
    await rig.alarm();
    expect((await readListed()).length).toBe(16);
    rig.roster = toRosterText(agents.slice(0, 15)); // 94 % of the last, 75 % of the day's largest
    await rig.alarm();
    expect((await readListed()).length).toBe(16);
    rig.nowMs += 25 * HOUR_MS;
    await rig.alarm();
    expect((await readListed()).length).toBe(15);
  });

  it("ends with a roster that is large enough", async () => {
    rig.roster = toRosterText(agents.slice(0, 5));
    await rig.alarm();
    rig.roster = toRosterText(agents.slice(0, 18));
    await rig.alarm();
    expect((await readListed()).length).toBe(18);
    expect((await rig.status()).holds).toEqual([]);
  });

  it("applies once it is accepted, though an agent joins or leaves meanwhile, and is then the measure", async () => {
    rig.vars.ROSTER_MAX_AGE_MS = "600000";
    rig.nowMs += 10 * MINUTE_MS;
    rig.roster = toRosterText(agents.slice(0, 10));
    await rig.alarm();
    const [hold] = (await rig.status()).holds;
    rig.roster = toRosterText([...agents.slice(0, 8), makeAgent(99)]);
    expect(await rig.accept(hold?.id ?? "")).toEqual({ ok: true });
    await rig.alarm(); // at once, before its age would have it read again
    expect((await readListed()).length).toBe(9);
    expect((await readRanking()).length).toBe(9);
    expect((await rig.status()).holds).toEqual([]);
    rig.vars.ROSTER_MAX_AGE_MS = "1";
    rig.roster = toRosterText(agents.slice(0, 7));
    await rig.alarm();
    expect((await rig.status()).holds).toMatchObject([{ detail: "the roster shrank from 9 to 7 agents" }]);
  });

  it("is not let through by a word about an earlier one", async () => {
    rig.roster = toRosterText(agents.slice(0, 10));
    await rig.alarm();
    const [hold] = (await rig.status()).holds;
    await rig.accept(hold?.id ?? "");
    await rig.alarm();
    rig.roster = toRosterText(agents.slice(0, 2));
    await rig.alarm();
    expect((await readListed()).length).toBe(10);
    expect((await rig.status()).holds[0]?.id).not.toBe(hold?.id);
  });
});

describe("a price that jumps at one source", () => {
  beforeEach(async () => {
    rig.vars.ALARM_INTERVAL_ACTIVE_MS = "300000";
    await rig.run(70); // so that the price of an hour ago is known
    rig.vars.ALARM_INTERVAL_ACTIVE_MS = "120000";
    await rig.alarm();
    rig.upstream.intercept = ({ host }) => (host === "coingecko" ? respond(403) : undefined);
    rig.world.prices.pin({ BTC: 100_000, STX: 1.3 });
    await rig.alarm();
  });

  it("is held back: the last good one stays, and the status names the claim", async () => {
    const { holds, prices, freshness } = await rig.status();
    const detail = "stx went from 0.8 to 1.3 USD at coinbase alone";
    expect(holds).toMatchObject([{ kind: "price", subject: "stx", detail }]);
    expect(prices.stx).toMatchObject({ priceUsd: 0.8, held: detail });
    expect(freshness.status).toBe("degraded");
  });

  it("is believed after half an hour of the same, marked as a single source's", async () => {
    await rig.run(28);
    expect((await rig.status()).prices.stx?.priceUsd).toBe(0.8);
    await rig.run(4);
    const { prices, holds } = await rig.status();
    expect(prices.stx).toMatchObject({ priceUsd: 1.3, confirmedBy: "single-source", held: null });
    expect(holds).toEqual([]);
  });

  it("stays believed, with its mark until a second source agrees, and is not held back again", async () => {
    await rig.run(34);
    await rig.run(60);
    expect(rig.logged("hold.began").length).toBe(1);
    expect((await rig.status()).prices.stx).toMatchObject({ priceUsd: 1.3, confirmedBy: "single-source" });
    rig.upstream.intercept = () => undefined;
    await rig.alarm();
    expect((await rig.status()).prices.stx).toMatchObject({ priceUsd: 1.3, confirmedBy: "second-source" });
  });

  it("begins its half hour anew when it says something else", async () => {
    await rig.run(20);
    rig.world.prices.pin({ BTC: 100_000, STX: 1.7 });
    await rig.run(20);
    expect((await rig.status()).prices.stx?.priceUsd).toBe(0.8);
    await rig.run(14);
    expect((await rig.status()).prices.stx?.priceUsd).toBe(1.7);
  });

  it("is not believed while another source contradicts it", async () => {
    rig.upstream.intercept = () => undefined;
    rig.world.prices.pin({ BTC: 100_000, STX: 1.3, sources: { coingecko: { BTC: 100_000, STX: 3.9 } } });
    await rig.run(60);
    const { prices, holds } = await rig.status();
    expect(prices.stx?.priceUsd).toBe(0.8);
    expect(holds).toMatchObject([{ kind: "price", subject: "stx" }]);
  });

  it("is believed at once when a second source agrees", async () => {
    rig.upstream.intercept = () => undefined;
    await rig.alarm();
    const { prices, holds } = await rig.status();
    expect(prices.stx).toMatchObject({ priceUsd: 1.3, confirmedBy: "second-source" });
    expect(holds).toEqual([]);
  });

  it("is believed when an operator says so, and the ranking has it", async () => {
    const [hold] = (await rig.status()).holds;
    await rig.accept(hold?.id ?? "");
    await rig.alarm();
    const { prices, holds } = await rig.status();
    expect(prices.stx).toMatchObject({ priceUsd: 1.3, confirmedBy: "operator" });
    expect(holds).toEqual([]);
    await rig.run(20);
    expect(rig.logged("hold.began").length).toBe(1);
    const [[, richest]] = (await readRanking()) as [[string, number]];
    expect(richest).toBe(20 * 1_300_000 + 20 * 1_000_000);
  });

  it("is forgotten when the source takes it back", async () => {
    rig.world.prices.pin({ BTC: 100_000, STX: 0.8 });
    await rig.alarm();
    expect((await rig.status()).holds).toEqual([]);
  });
});

it.each([0, 60])(
  "a price that creeps past the bound within an hour is held back, too (after %i minutes)",
  async (minutes) => {
    rig.upstream.intercept = ({ host }) => (host === "coingecko" ? respond(403) : undefined);
    await rig.run(minutes);
    for (let stx = 0.8, tick = 0; tick < 10; tick++, stx *= 1.08) {
      rig.world.prices.pin({ BTC: 100_000, STX: stx });
      await rig.alarm();
    }
    const { holds, prices } = await rig.status();
    expect(prices.stx?.priceUsd).toBeLessThanOrEqual(0.8 * 1.5);
    expect(holds).toMatchObject([{ kind: "price", subject: "stx" }]);
  },
);

it("a hold is released once, and only by its own id", async () => {
  rig.roster = toRosterText(agents.slice(0, 10));
  await rig.alarm();
  const [hold] = (await rig.status()).holds;
  expect(await rig.accept("roster-00000000")).toEqual({ ok: false, reason: "unknown-id" });
  expect(await rig.accept(hold?.id ?? "")).toEqual({ ok: true });
  expect(await rig.accept(hold?.id ?? "")).toEqual({ ok: true }); // twice says no more than once
  await rig.alarm();
  expect(await rig.accept(hold?.id ?? "")).toEqual({ ok: false, reason: "unknown-id" });
});
