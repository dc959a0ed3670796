import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADDRESS, createRig, json, stats } from "../../test/rig.ts";
import { MAX_SATOSHI } from "../amount.ts";
import { BTC } from "../tokens/assets.ts";
import { fetchBitcoinBalance } from "./mempool.ts";

describe("mempool.space", () => {
  it("counts what is confirmed, not what waits in the mempool", async () => {
    const body = { ...stats(94_641, 0), mempool_stats: { funded_txo_sum: 0, spent_txo_sum: 94_641 } };
    expect(await bitcoin(() => Response.json(body))).toMatchObject({
      kind: "fetched",
      value: { provider: "mempool.space", leftOut: 0, balances: [{ tokenId: BTC, symbol: "BTC", rawAmount: 94_641n }] },
    });
  });

  it("keeps a turnover past 2^53 exact", async () => {
    const text = JSON.stringify(stats(1, 2)).replace(":1,", ":9007199254740993,").replace(":2", ":9007199254740992");
    expect(await bitcoin(() => json(text))).toMatchObject({ value: { balances: [{ rawAmount: 1n }] } });
  });

  it("takes every coin there can be for a balance, and an address in capitals for itself", async () => {
    const body = { ...stats(Number(MAX_SATOSHI), 0), address: ADDRESS.toUpperCase() };
    expect(await bitcoin(() => Response.json(body))).toMatchObject({
      value: { balances: [{ rawAmount: MAX_SATOSHI }] },
    });
  });

  it.each([
    ["more than can exist", Response.json(stats(2_100_000_000_000_001, 0)), "implausible"],
    ["more spent than funded", Response.json(stats(1, 2)), "implausible"],
    [
      "another address",
      Response.json({ ...stats(1, 0), address: "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa" }),
      "invalid-shape",
    ],
    ["a fraction", Response.json(stats(1.5, 0)), "invalid-shape"],
    ["a negative sum", Response.json(stats(-1, 0)), "invalid-shape"],
    ["no statistics", Response.json({ address: ADDRESS }), "invalid-shape"],
    ["a refusal in plain text", new Response("Invalid Bitcoin address", { status: 400 }), "http-error"],
  ])("fails on %s", async (_name, response, reason) => {
    expect(await bitcoin(() => response)).toMatchObject({ kind: "failed", reason });
  });

  it("is not asked about what is no mainnet address in the form that is stored", async () => {
    const { http, paths } = createRig(() => Response.json(stats(1, 0)));
    for (const text of [ADDRESS.toUpperCase(), "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "", "../blocks/tip"]) {
      expect(await fetchBitcoinBalance(http, text)).toEqual({ kind: "failed", reason: "invalid-address" });
    }
    expect(paths).toEqual([]);
  });

  it("gives a value only for an answer that is wholly valid, whatever comes", async () => {
    const sums = fc.record({ funded_txo_sum: fc.jsonValue(), spent_txo_sum: fc.jsonValue() });
    const body = fc.oneof(
      fc.jsonValue(),
      fc.record({ address: fc.constant(ADDRESS), chain_stats: fc.oneof(fc.jsonValue(), sums) }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const attempt = await bitcoin(() => Response.json(value));
        if (attempt.kind !== "fetched") return;
        expect(value).toHaveProperty("chain_stats.funded_txo_sum");
        const { rawAmount } = attempt.value.balances[0] ?? { rawAmount: -1n };
        expect(rawAmount >= 0n && rawAmount <= MAX_SATOSHI).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function bitcoin(answer: () => Response) {
  return fetchBitcoinBalance(createRig(answer).http, ADDRESS);
}
