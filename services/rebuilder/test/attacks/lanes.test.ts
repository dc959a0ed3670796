import { beforeEach, describe, expect, it } from "vitest";
import type { TestAgent } from "../agents.ts";
import { giveCoins, makeBoard } from "./agents.ts";
import { type AttackRig, type Call, createAttackRig, type Fired, isAbout, readFetches } from "./rig.ts";

const MINUTE_MS = 60_000;
const agents = makeBoard(100);
let rig: AttackRig;

/** A board that one good rotation has filled. */
beforeEach(async () => {
  rig = await createAttackRig({ agents });
  giveCoins(rig.upstreams, agents);
  await rig.alarms(2);
});

describe("a price call never moves a lane:", () => {
  it("Stacks goes on at full speed and Bitcoin is probed while addresses fail, though a price of the same host answers", async () => {
    rig.upstreams.intercept = (call) => {
      if (call.host === "coingecko") return status(429);
      return isAbout("bitcoin", call) ? status(500) : undefined;
    };
    const fired = await rig.alarms(60);
    expect(await countFresh("stacks", rig.now - 10 * MINUTE_MS)).toBe(100);
    const later = fired.slice(20);
    expect(later.map(({ asked }) => asked.stacks.length)).toEqual(later.map(() => 100));
    expect(toLongestWaitMs(later)).toBeLessThanOrEqual(120_000);
    const probesAnHour = toHourly(later, (call) => isAbout("bitcoin", call));
    expect(probesAnHour).toBeGreaterThanOrEqual(1);
    expect(probesAnHour).toBeLessThanOrEqual(20); // three in ten minutes
    expect((await rig.status()).lanes?.bitcoin.health).toMatch(/^(?:resting|probing)$/);
  });

  it("Bitcoin is well within two probes of its addresses, though every price of the same host still fails", async () => {
    const failsPrices = (call: Call) => call.path.endsWith("/v1/prices") || call.host === "coingecko";
    rig.upstreams.intercept = (call) => (call.host === "mempool" || failsPrices(call) ? status(500) : undefined);
    await rig.run(60);
    rig.upstreams.intercept = (call) => (failsPrices(call) ? status(500) : undefined);
    const recoveredAt = rig.now;
    await rig.run(25);
    expect(await countFresh("bitcoin", recoveredAt)).toBe(100);
    expect((await rig.status()).lanes?.bitcoin.health).toBe("well");
  });

  it("both lanes go on at full speed while every price of BTC is refused with 429", async () => {
    rig.upstreams.intercept = (call) =>
      call.path.endsWith("/v1/prices") || call.host === "coingecko" ? status(429) : undefined;
    const fired = await rig.alarms(10);
    expect(fired.map(({ asked }) => [asked.stacks.length, asked.bitcoin.length])).toEqual(fired.map(() => [100, 100]));
    expect(await countFresh("bitcoin", rig.now - 5 * MINUTE_MS)).toBe(100);
    expect(await listErrors("bitcoin")).toEqual([]);
    const { lanes } = await rig.status();
    expect([lanes?.stacks.health, lanes?.bitcoin.health]).toEqual(["well", "well"]);
  });
});

describe("a lane that is held up leaves the other alone:", () => {
  it("Bitcoin goes on while Hiro answers for STX and refuses the tokens with 429", async () => {
    const fifty = makeBoard(50);
    rig = await createAttackRig({ agents: fifty });
    giveCoins(rig.upstreams, fifty);
    rig.upstreams.intercept = ({ path }) => {
      if (path.startsWith("/extended/v1/")) return status(410);
      return /\/balances\/ft\?/.test(path) ? status(429) : undefined;
    };
    await rig.alarms(20);
    expect(await countFresh("bitcoin", rig.now - 15 * MINUTE_MS)).toBe(50);
  });

  it.each([
    ["404 without a block", 404, '{"error":"no current block"}'],
    ["400", 400, '{"error":"bad request"}'],
    ["422", 422, '{"error":"unprocessable"}'],
  ])(
    "Stacks rests while Hiro refuses every agent with %s, and Bitcoin goes on at full speed",
    async (_, code, body) => {
      rig.upstreams.intercept = (call) =>
        isAbout("stacks", call) ? new Response(body, { status: code, headers: JSON_TYPE }) : undefined;
      const fired = await rig.run(60);
      const asked = fired.flatMap(({ calls }) => calls).filter((call) => isAbout("stacks", call)).length;
      expect(asked).toBeLessThanOrEqual(10 + 6 + 12); // ten to notice, what is under way then, and a probe every five minutes at most
      expect(await listErrors("stacks")).toEqual([]); // the host's failures, not the agents'
      const { intervalReason, lanes } = await rig.status();
      expect(intervalReason).toMatch(/stacks/i);
      expect(fired.length).toBeGreaterThanOrEqual(28);
      expect(await countFresh("bitcoin", rig.now - 5 * MINUTE_MS)).toBe(100);
      expect(lanes?.stacks.health).toMatch(/^(?:resting|probing)$/);
    },
  );

  it("nobody else is later by a tick when ten agents of the last thirty empty their wallets each rotation", async () => {
    const many = makeBoard(130);
    rig = await createAttackRig({ agents: many });
    giveCoins(rig.upstreams, many);
    await rig.alarms(2);
    const [odd, even] = [many.slice(110, 120), many.slice(120, 130)];
    const fired: Fired[] = [];
    for (let rotation = 0; rotation < 20; rotation++) {
      for (const agent of rotation % 2 === 0 ? odd : even) rig.upstreams.stx.set(agent.stxAddress, "0");
      for (const agent of rotation % 2 === 0 ? even : odd) rig.upstreams.stx.set(agent.stxAddress, "7000000");
      fired.push(...(await rig.alarms(2)));
    }
    const bystanders = many.slice(0, 110);
    const rounds = bystanders.map(({ stxAddress }) => fired.filter(({ asked }) => asked.stacks.includes(stxAddress)));
    expect(Math.min(...rounds.map((ticks) => ticks.length))).toBeGreaterThanOrEqual(19);
    expect(toLongestWaitMs(fired)).toBeLessThanOrEqual(120_000);
    expect(await countFresh("stacks", rig.now - 10 * MINUTE_MS, bystanders)).toBe(110);
  });
});

const JSON_TYPE = { "content-type": "application/json" };
const status = (code: number) => new Response("", { status: code });

async function countFresh(lane: "stacks" | "bitcoin", sinceMs: number, of?: readonly TestAgent[]): Promise<number> {
  const fetches = await readFetches();
  const rows = of ? of.map(({ stxAddress }) => fetches.get(stxAddress)) : [...fetches.values()];
  return rows.filter((row) => row && row[`${lane}GoodAt`] >= sinceMs).length;
}

async function listErrors(lane: "stacks" | "bitcoin"): Promise<string[]> {
  const errors = [...(await readFetches()).values()].map((row) => row[`${lane}Error`]);
  return errors.filter((error) => error !== null);
}

function toHourly(fired: readonly Fired[], counts: (call: Call) => boolean): number {
  const hours = ((fired.at(-1)?.at ?? 0) - (fired[0]?.at ?? 0)) / 3_600_000;
  return fired.flatMap(({ calls }) => calls).filter(counts).length / hours;
}

function toLongestWaitMs(fired: readonly Fired[]): number {
  return Math.max(...fired.slice(1).map(({ at }, index) => at - (fired[index]?.at ?? 0)));
}
