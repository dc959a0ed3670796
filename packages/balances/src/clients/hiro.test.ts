import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRig, ftPage, json, PRINCIPAL, type Rig, rateLimited, SPAM, v1, v3 } from "../../test/rig.ts";
import { SBTC, SBTC_ASSET_IDENTIFIER, SBTC_CONTRACT_ID, STX } from "../tokens/assets.ts";
import { fetchStacksBalances, type HiroRoutes, type HiroVersion } from "./hiro.ts";
import { MAX_BODY_BYTES } from "./http.ts";

describe("Hiro v1", () => {
  it("reads STX, sBTC by its contract whatever its asset is called, and other tokens by contract", async () => {
    const { stacks } = rig(() =>
      v1("13568037", { [`${SBTC_CONTRACT_ID}::sbtc`]: "50000000", [`${SPAM}::pepe`]: "4", [`${SPAM}2::gone`]: "0" }),
    );
    expect(await stacks()).toMatchObject({
      kind: "fetched",
      value: {
        provider: "hiro",
        leftOut: 0,
        balances: [
          { tokenId: STX, rawAmount: 13_568_037n },
          { tokenId: SBTC, rawAmount: 50_000_000n },
          { tokenId: SPAM, symbol: "pepe", rawAmount: 4n },
        ],
      },
    });
  });

  it.each([
    ["a token with a negative amount", v1("5", { [`${SPAM}::x`]: "-1" })],
    ["a token that is none", v1("5", { "no identifier": "5" })],
    ["a token without a balance", Response.json({ stx: { balance: "5" }, fungible_tokens: { [`${SPAM}::x`]: null } })],
  ])("does not fail on %s, and counts it as left out", async (_name, response) => {
    expect(await rig(() => response).stacks()).toMatchObject({
      kind: "fetched",
      value: { leftOut: 1, balances: [{ rawAmount: 5n }, { rawAmount: 0n }] },
    });
  });

  it.each([
    ["more STX than can exist", v1("2000000000000001"), "implausible"],
    ["more sBTC than can exist", v1("0", { [SBTC_ASSET_IDENTIFIER]: "2100000000000001" }), "implausible"],
    ["an amount of sBTC that cannot be read", v1("0", { [SBTC_ASSET_IDENTIFIER]: "1e3" }), "invalid-shape"],
    ["a negative amount of STX", v1("-1"), "invalid-shape"],
    ["an amount of STX as a number", v1(5), "invalid-shape"],
    ["a missing map of tokens", Response.json({ stx: { balance: "5" } }), "invalid-shape"],
    [
      "a list in place of the map of tokens",
      Response.json({ stx: { balance: "5" }, fungible_tokens: [] }),
      "invalid-shape",
    ],
    ["null", Response.json(null), "invalid-shape"],
    ["no current block", Response.json({ error: "no current block" }, { status: 404 }), "http-error"],
    ["a broken database", Response.json({ error: "unavailable" }, { status: 503 }), "http-error"],
  ])("fails on %s", async (_name, response, reason) => {
    expect(await rig(() => response).stacks()).toMatchObject({ kind: "failed", reason });
  });

  it.each([
    ["410", Response.json({ error: "Gone", message: "This endpoint has been disabled." }, { status: 410 })],
    ["the router's 404", Response.json({ message: "Route GET:/extended/v1/x not found" }, { status: 404 })],
  ])("goes on with v3 after %s, remembers it, and holds nothing against the host", async (_name, gone) => {
    const { stacks, routes, paths, gates } = rig((path) => (path.includes("/v1/") ? gone.clone() : v3(path)));
    expect(await stacks()).toMatchObject({
      kind: "fetched",
      value: { balances: [{ rawAmount: 77n }, { rawAmount: 9n }] },
    });
    expect(routes.version).toBe("v3");
    await stacks();
    expect(paths.filter((path) => path.includes("/v1/")).length).toBe(1);
    expect(gates.end()).toMatchObject({ counts: { hiro: { failed: 0 } }, states: { hiro: { lastError: null } } });
  });

  it("goes on with v3 for an address whose answer outgrows the limit, and asks v1 for the next one", async () => {
    const huge = () => json(" ".repeat(MAX_BODY_BYTES + 1));
    const { stacks, routes } = rig((path) => (path.includes("/v1/") ? huge() : v3(path)));
    expect(await stacks()).toMatchObject({ kind: "fetched", value: { balances: [{ rawAmount: 77n }, {}] } });
    expect(routes.version).toBe("v1");
  });

  it("refuses a mistyped principal without a call: v3 would answer with zeros", async () => {
    const { http, routes, paths } = rig(() => v1("0"));
    for (const text of [PRINCIPAL.replace("7", "8"), PRINCIPAL.toLowerCase(), "", "../../v2/info"]) {
      expect(await fetchStacksBalances(http, routes, text)).toEqual({ kind: "failed", reason: "invalid-address" });
    }
    expect(paths).toEqual([]);
  });
});

describe("Hiro v3", () => {
  it("puts pages together by identifier, with the cursor encoded", async () => {
    const first: [string, string][] = [
      ["a", "3"],
      ["b", "2"],
    ];
    const second: [string, string][] = [
      ["b", "2"],
      ["c", "1"],
    ];
    const { stacks, paths } = rig((path) => {
      if (path.endsWith("/stx")) return v3(path);
      return path.includes("cursor=") ? ftPage(second) : ftPage(first, `2:${SPAM}-b::b`);
    }, "v3");
    const attempt = await stacks();
    expect(attempt).toMatchObject({ value: { balances: [{}, {}, { symbol: "a" }, { symbol: "b" }, { symbol: "c" }] } });
    expect(paths.at(-1)).toContain(`cursor=${encodeURIComponent(`2:${SPAM}-b::b`)}`);
  });

  it("asks for sBTC by name when an address holds more tokens than it pages through", async () => {
    let page = 0;
    const { stacks } = rig((path) => {
      if (path.endsWith("/stx")) return v3(path);
      if (path.includes("sbtc-token")) return Response.json({ asset_identifier: SBTC_ASSET_IDENTIFIER, balance: "42" });
      page++;
      return ftPage([[`t${page}`, "9"]], `9:${SPAM}-next::x`, 5_000);
    }, "v3");
    expect(await stacks()).toMatchObject({
      value: { leftOut: 4_995, balances: [{}, { tokenId: SBTC, rawAmount: 42n }, ...Array(5).fill({})] },
    });
    expect(page).toBe(5);
  });

  it.each([
    ["its token list fails", (path: string) => (path.endsWith("/stx") ? v3(path) : new Response("", { status: 500 }))],
    ["its STX fails", (path: string) => (path.endsWith("/stx") ? new Response("", { status: 500 }) : v3(path))],
  ])("is no answer when %s", async (_name, answer) => {
    expect(await rig(answer, "v3").stacks()).toMatchObject({ kind: "failed", reason: "http-error", status: 500 });
  });

  it("is postponed, and not failed, when its token list says 429", async () => {
    const { stacks } = rig((path) => (path.endsWith("/stx") ? v3(path) : rateLimited(60)), "v3");
    expect(await stacks()).toEqual({ kind: "postponed", reason: "rate-limited" });
  });
});

describe("whatever Hiro answers", () => {
  it("is a value only when it is wholly valid", async () => {
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ stx: fc.jsonValue(), fungible_tokens: fc.jsonValue() }).map((one) => JSON.stringify(one)),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const attempt = await rig(() => json(text)).stacks();
        if (attempt.kind !== "fetched") return;
        for (const { rawAmount } of attempt.value.balances) expect(rawAmount).toBeGreaterThanOrEqual(0n);
        expect(JSON.parse(text)).toHaveProperty("stx.balance");
      }),
      { numRuns: 300 },
    );
  });
});

function rig(answer: (path: string) => Response, version: HiroVersion = "v1") {
  const base: Rig = createRig(answer);
  const routes: HiroRoutes = { version };
  return { ...base, routes, stacks: () => fetchStacksBalances(base.http, routes, PRINCIPAL) };
}
