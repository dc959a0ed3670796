import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SPAM } from "../../test/rig.ts";
import { MAX_MICRO_STX, MAX_SATOSHI, MAX_UINT128, parseAmount } from "../amount.ts";
import { isCounted, parseAssetIdentifier, SBTC, SBTC_CONTRACT_ID, STX, toTokenId } from "../tokens/assets.ts";
import { type AssetEntry, MAX_TOKENS_PER_AGENT, toStacksBalances } from "./holdings.ts";

const sbtc = (balance: unknown, asset = "sbtc-token") => ({ identifier: `${SBTC_CONTRACT_ID}::${asset}`, balance });

describe("toStacksBalances", () => {
  it("does not take a token that is only called sBTC for it", () => {
    expect(balancesOf([{ identifier: `${SPAM}::sbtc-token`, balance: "2100000000000000" }])).toMatchObject([
      { tokenId: STX },
      { tokenId: SBTC, rawAmount: 0n },
      { tokenId: SPAM },
    ]);
  });

  it("sums the assets of one contract, as sBTC does with its locked part", () => {
    expect(balancesOf([sbtc("5"), sbtc("3", "sbtc-token-locked")])).toMatchObject([
      {},
      { tokenId: SBTC, rawAmount: 8n },
    ]);
  });

  it("keeps a hundred tokens, the counted and the largest, and counts the rest", () => {
    const spam = Array.from({ length: 1_000 }, (_, i) => ({ identifier: `${SPAM}-${i}::x`, balance: String(i + 1) }));
    const parsed = toStacksBalances(7n, [...spam, sbtc("1")], 11);
    expect(parsed).toMatchObject({ ok: true, value: { leftOut: 1_000 - (MAX_TOKENS_PER_AGENT - 2) + 11 } });
    const balances = balancesOf([...spam, sbtc("1")]);
    expect(balances.length).toBe(MAX_TOKENS_PER_AGENT);
    expect(balances.slice(0, 3)).toMatchObject([{ rawAmount: 7n }, { rawAmount: 1n }, { rawAmount: 1_000n }]);
  });

  it("knows no amount of a token of which one asset cannot be read", () => {
    const entries = [
      { identifier: `${SPAM}::a`, balance: "5" },
      { identifier: `${SPAM}::b`, balance: "5.5" },
    ];
    expect(toStacksBalances(7n, entries)).toMatchObject({ ok: true, value: { leftOut: 1, balances: [{}, {}] } });
  });

  it.each([
    ["more STX than can exist", MAX_MICRO_STX + 1n, [], "implausible"],
    ["more sBTC than can exist", 0n, [sbtc(String(MAX_SATOSHI)), sbtc("1", "sbtc-token-locked")], "implausible"],
    ["sBTC that is no amount", 0n, [sbtc("-1")], "invalid-shape"],
    ["sBTC that is missing its amount", 0n, [sbtc(undefined)], "invalid-shape"],
  ])("fails on %s", (_name, microStx, entries, reason) => {
    expect(toStacksBalances(microStx, entries)).toEqual({ ok: false, reason });
  });
});

describe("whatever strangers send an agent", () => {
  it("changes no counted balance and fails no answer, and is kept or counted as left out", () => {
    fc.assert(
      fc.property(fc.array(hostileEntry(), { maxLength: 160 }), fc.nat(3), (hostile, at) => {
        const own = sbtc("50000000");
        const entries = [...hostile.slice(0, at), own, ...hostile.slice(at)];
        const parsed = toStacksBalances(13n, entries);
        if (!parsed.ok) throw new Error(`failed: ${parsed.reason}`);
        const [stx, counted, ...others] = parsed.value.balances;
        expect(stx).toEqual({ tokenId: STX, symbol: "STX", rawAmount: 13n });
        expect(counted).toEqual({ tokenId: SBTC, symbol: "sBTC", rawAmount: 50_000_000n });
        for (const { tokenId, rawAmount } of others) {
          expect(isCounted(tokenId)).toBe(false);
          expect(rawAmount > 0n && rawAmount <= MAX_UINT128).toBe(true);
        }
        expect(new Set(parsed.value.balances.map(({ tokenId }) => tokenId)).size).toBe(parsed.value.balances.length);
        expect(others.length + parsed.value.leftOut).toBe(countHeld(hostile));
      }),
      { numRuns: 500 },
    );
  });

  it("is dropped and counted where two assets of one contract pass what an amount can be", () => {
    const half = String(2n ** 127n);
    const entries = [
      sbtc("1"),
      { identifier: `${SPAM}::a`, balance: half },
      { identifier: `${SPAM}::b`, balance: half },
    ];
    expect(toStacksBalances(7n, entries)).toMatchObject({
      ok: true,
      value: { leftOut: 1, balances: [{ rawAmount: 7n }, { rawAmount: 1n }] },
    });
  });
});

/** How many tokens the entries name: nameless ones each by itself, the assets of one contract together, zeros not at all. */
function countHeld(entries: readonly AssetEntry[]): number {
  const tokens = new Map<string, (bigint | undefined)[]>();
  let nameless = 0;
  for (const { identifier, balance } of entries) {
    const asset = typeof identifier === "string" ? parseAssetIdentifier(identifier) : undefined;
    if (!asset) nameless++;
    else tokens.set(asset.contractId, [...(tokens.get(asset.contractId) ?? []), parseAmount(balance)]);
  }
  const held = [...tokens.values()].filter((amounts) => amounts.some((amount) => amount !== 0n));
  return nameless + held.length;
}

/** An entry of any token but the counted one. */
function hostileEntry(): fc.Arbitrary<AssetEntry> {
  const contract = fc.constantFrom(SPAM, `${SPAM}-2`, `${SPAM}-3`);
  const identifier = fc.oneof(
    fc.tuple(contract, fc.constantFrom("a", "b", "sbtc-token", "STX")).map(([id, asset]) => `${id}::${asset}`),
    fc.nat(300).map((n) => `${SPAM}-n${n}::x`),
    fc.constantFrom<unknown>(
      "stx",
      "sbtc",
      "btc-l1",
      "STX::STX",
      SBTC_CONTRACT_ID,
      "__proto__::x",
      "constructor",
      "::",
      "",
    ),
    fc.string(),
    fc.jsonValue(),
    fc.constant(undefined),
  );
  const balance = fc.oneof(
    fc.bigInt({ min: 0n, max: MAX_UINT128 }).map(String),
    fc.constantFrom<unknown>("0", "1", "-1", "00", "abc", "1e400", "0x10", " 1", "9".repeat(200), String(2n ** 127n)),
    fc.constantFrom<unknown>(String(MAX_UINT128), String(MAX_UINT128 + 1n), Number.NaN, -0, 2 ** 60, null, undefined),
    fc.jsonValue(),
  );
  return fc.record({ identifier, balance }).filter(({ identifier: text }) => {
    const asset = typeof text === "string" ? parseAssetIdentifier(text) : undefined;
    return !asset || !isCounted(toTokenId(asset.contractId));
  });
}

function balancesOf(entries: readonly AssetEntry[]) {
  const parsed = toStacksBalances(7n, entries);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value.balances;
}
