import { createRoster } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { c32addressDecode } from "c32check";
import { describe, expect, it } from "vitest";

const { agents } = createRoster({ agents: 120 });
const START = Date.UTC(2026, 5, 1);

describe("holdings over time", () => {
  it("are the same for the same seed, address and step", async () => {
    const [one, two] = [await startUpstream({ clock: () => START }), await startUpstream({ clock: () => START })];
    expect(await readBoard(one)).toEqual(await readBoard(two));
    const other = await startUpstream({ clock: () => START, seed: "another" });
    expect(await readBoard(other)).not.toEqual(await readBoard(one));
    await Promise.all([one.close(), two.close(), other.close()]);
  });

  it("stay as they are within a step and follow the clock to the next", async () => {
    let now = START;
    const upstream = await startUpstream({ clock: () => now, stepSeconds: 10 });
    const before = await readBoard(upstream);
    now += 9_999;
    expect(await readBoard(upstream)).toEqual(before);
    now += 10_000;
    expect(upstream.step()).toBe(START / 10_000 + 1);
    await upstream.close();
  });

  it("mostly stay, and sometimes are bought, sold to nothing or new", async () => {
    const upstream = await startUpstream({ clock: () => START });
    const changes = { same: 0, bought: 0, soldToNothing: 0, arrived: 0, vanished: 0 };
    let before = await readBoard(upstream);
    for (let n = 0; n < 12; n++) {
      upstream.advance(8);
      const after = await readBoard(upstream);
      for (const [key, amount] of after) {
        const old = before.get(key);
        if (old === amount) changes.same += 1;
        else if (old === undefined) changes.arrived += 1;
        else if (amount === "0") changes.soldToNothing += 1;
        else if (BigInt(amount) > BigInt(old)) changes.bought += 1;
      }
      for (const key of before.keys()) if (!after.has(key)) changes.vanished += 1;
      before = after;
    }
    expect(changes.same).toBeGreaterThan(10 * changes.bought);
    expect(changes.bought).toBeGreaterThan(5);
    expect(changes.soldToNothing).toBeGreaterThan(5);
    expect(changes.arrived).toBeGreaterThan(5);
    await upstream.close();
  });

  it("name only contracts whose address has a valid checksum", async () => {
    const upstream = await startUpstream({ clock: () => START });
    for (const key of (await readBoard(upstream)).keys()) {
      const contract = key.split(" ")[1] ?? "";
      if (contract !== "stx") expect(() => c32addressDecode(contract.split(".")[0] ?? "")).not.toThrow();
    }
    await upstream.close();
  });
});

/** Everything that Hiro says of the agents: "principal asset" -> balance. */
async function readBoard(upstream: Upstream): Promise<Map<string, string>> {
  const board = new Map<string, string>();
  for (const { stxAddress } of agents) {
    const response = await fetch(`${upstream.baseUrls.HIRO_API_URL}/extended/v1/address/${stxAddress}/balances`);
    const { stx, fungible_tokens } = (await response.json()) as {
      stx: { balance: string };
      fungible_tokens: Record<string, { balance: string }>;
    };
    board.set(`${stxAddress} stx`, stx.balance);
    for (const [assetId, { balance }] of Object.entries(fungible_tokens))
      board.set(`${stxAddress} ${assetId}`, balance);
  }
  return board;
}
