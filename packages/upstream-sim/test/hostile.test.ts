import { createHostileTokens, HOSTILE_KINDS, SBTC_ASSET_ID } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { c32addressDecode } from "c32check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const ANYONE = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
const OTHER = "SP1AE83TP3DX6V7SHT79TKY6Y6YPYSVQ3VJB931ZJ";
const ASSET_IDENTIFIER = /^S[A-Z][0-9A-Z]{26,39}\.[a-zA-Z][\w-]{0,39}::[a-zA-Z][\w\-!?+<>=/*]{0,127}$/;

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.unpinHoldings());
afterAll(() => upstream.close());

describe("hostile tokens", () => {
  it.each(HOSTILE_KINDS)("of kind %s are served as they are by v1 and by v3, beside the honest ones", async (kind) => {
    upstream.pinHoldings(ANYONE, { stx: "5", tokens: { [SBTC_ASSET_ID]: "700" }, hostile: [kind] });
    const expected = Object.entries({ [SBTC_ASSET_ID]: "700" }).concat(Object.entries(createHostileTokens(kind)));
    const v1 = Object.entries(await readV1(ANYONE)).map(([id, { balance }]) => [id, balance]);
    expect(v1.sort()).toEqual(expected.sort());
    expect((await readV3(ANYONE)).sort()).toEqual(expected.sort());
  });

  it("come to the agents that are set to hold them and to nobody else", async () => {
    upstream.pinHoldings(ANYONE, { hostile: ["negative", "letters"] });
    upstream.pinHoldings(OTHER, {});
    expect(Object.keys(await readV1(ANYONE))).toHaveLength(2);
    expect(await readV1(OTHER)).toEqual({});
  });

  it("are what their kind says", () => {
    const amounts = (kind: (typeof HOSTILE_KINDS)[number]) => Object.values(createHostileTokens(kind));
    const sum = amounts("past-uint128").reduce((total, amount) => total + BigInt(amount), 0n);
    expect(sum).toBe(2n ** 128n);
    expect(amounts("past-uint128").every((amount) => BigInt(amount) < 2n ** 128n)).toBe(true);
    const contracts = Object.keys(createHostileTokens("past-uint128")).map((id) => id.split("::")[0]);
    expect([contracts.length, new Set(contracts).size]).toEqual([2, 1]);
    expect(amounts("negative")).toEqual(["-1"]);
    expect(() => BigInt(amounts("letters")[0] ?? "0")).toThrow(SyntaxError);
    expect(amounts("long")[0]).toHaveLength(200);
    const malformed = Object.keys(createHostileTokens("malformed-asset"));
    expect(malformed.filter((identifier) => ASSET_IDENTIFIER.test(identifier))).toEqual([]);
    expect(malformed).toContain("__proto__");
    const [mistyped = ""] = Object.keys(createHostileTokens("malformed-address"));
    expect(mistyped).toMatch(ASSET_IDENTIFIER);
    expect(() => c32addressDecode(mistyped.split(".")[0] ?? "")).toThrow();
  });

  it("that look alike carry the names and symbols of real ones under another contract", async () => {
    const copies = Object.keys(createHostileTokens("look-alike"));
    const [sbtc = ""] = copies.filter((identifier) => identifier.endsWith(".sbtc-token::sbtc-token"));
    expect(sbtc).toMatch(ASSET_IDENTIFIER);
    expect(sbtc).not.toBe(SBTC_ASSET_ID);
    const response = await fetch(`${upstream.baseUrls.HIRO_API_URL}/metadata/v1/ft/${sbtc.split("::")[0]}`);
    expect(await response.json()).toMatchObject({ name: "sBTC", symbol: "sBTC", decimals: 8 });
  });

  it("come page by page, also across an amount that is no number", async () => {
    upstream.pinHoldings(ANYONE, { hostile: [...HOSTILE_KINDS] });
    const rows = await readV3(ANYONE, 1);
    expect(rows).toHaveLength(Object.keys(await readV1(ANYONE)).length);
    expect(new Set(rows.map(([id]) => id)).size).toBe(rows.length);
  });
});

async function readV1(principal: string): Promise<Record<string, { balance: string }>> {
  const response = await fetch(`${upstream.baseUrls.HIRO_API_URL}/extended/v1/address/${principal}/balances`);
  return ((await response.json()) as { fungible_tokens: Record<string, { balance: string }> }).fungible_tokens;
}

async function readV3(principal: string, limit = 200): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const path = `/extended/v3/principals/${principal}/balances/ft?limit=${limit}${query}`;
    const response = await fetch(upstream.baseUrls.HIRO_API_URL + path);
    expect(response.status).toBe(200);
    const page = (await response.json()) as {
      cursor: { next: string | null };
      results: { asset_identifier: string; balance: string }[];
    };
    rows.push(...page.results.map((row): [string, string] => [row.asset_identifier, row.balance]));
    cursor = page.cursor.next;
  } while (cursor !== null);
  return rows;
}
