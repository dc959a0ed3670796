import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { agentAnswerSchema, dashboardSchema } from "../src/ranking/schema.ts";
import { BTC, clearDatabase, expectProblem, list, PUBLISHED_AT, publish, readBody, request, STX } from "./builders.ts";

beforeEach(clearDatabase);

async function getAgent(address: string) {
  const response = await request(`/api/dashboard/${address}`);
  expect(response.status).toBe(200);
  return readBody(response, agentAnswerSchema);
}

describe("a ranked agent", () => {
  it("has the row of the list, with version, time and prices", async () => {
    const tokens = [{ id: "stx", symbol: "STX", raw: "2000000", decimals: 6, usd: 1_700_000 }];
    await publish([{ stx: STX[0] }, { stx: STX[1], name: "Marten", total: 1_700_000, tokens, partial: true }], {
      version: 6,
    });
    const page = await readBody(await request("/api/dashboard"), dashboardSchema);
    expect(await getAgent(STX[1])).toEqual({
      ...page.agents[1],
      pending: false,
      version: 6,
      cachedAt: page.cachedAt,
      prices: page.prices,
    });
  });

  it("is found by its Bitcoin address, in either case of bech32", async () => {
    await publish([{ stx: STX[1], btc: BTC[0] }]);
    await list(STX[1], BTC[0]);
    for (const address of [BTC[0], BTC[0].toUpperCase()]) {
      expect(await getAgent(address)).toMatchObject({ stxAddress: STX[1], rank: 1, pending: false });
    }
  });

  it("is the first by Stacks address of those that claim one Bitcoin address", async () => {
    await publish([
      { stx: STX[2], btc: BTC[1] },
      { stx: STX[1], btc: BTC[1] },
    ]);
    await list(STX[2], BTC[1]);
    await list(STX[1], BTC[1]);
    expect((await getAgent(BTC[1])).stxAddress).toBe(STX[1]);
  });

  it("stays until the next publication when it left the roster", async () => {
    await publish([{ stx: STX[1] }]);
    expect((await getAgent(STX[1])).rank).toBe(1);
  });
});

describe("a pending agent", () => {
  it("shows what is known, valued with the ranking's prices, and no rank", async () => {
    await publish([{ stx: STX[0] }], { version: 6, prices: { stx: 0.5 } });
    await list(STX[1], BTC[1], "Newcomer");
    await hold(STX[1], [
      ["stx", "3000000", 999],
      [`${STX[0]}.leo`, "7", null],
    ]);
    await answer(STX[1], { stacks: PUBLISHED_AT });
    expect(await getAgent(STX[1])).toMatchObject({
      rank: null,
      pending: true,
      displayName: "Newcomer",
      tokens: [
        { symbol: "STX", amount: 3, priceUsd: 0.5, usdValue: 1.5, priced: true },
        { symbol: "leo", balance: "7", priced: false, usdValue: 0, decimalsKnown: false },
      ],
      totalUsd: 1.5,
      updatedAt: null,
      version: 6,
    });
    expect(await readBody(await request("/api/dashboard"), dashboardSchema)).toMatchObject({ stats: { total: 1 } });
  });

  it("counts towards its total only what counts towards a rank", async () => {
    const id = `${STX[0]}.leo`;
    await publish([{ stx: STX[0] }], { prices: { stx: 0.5, [id]: 2 } });
    await list(STX[1]);
    await hold(STX[1], [
      ["stx", "3000000", null],
      [id, "7", null],
    ]);
    await env.DB.prepare("UPDATE tokens SET decimals = 0 WHERE token_id = ?").bind(id).run();
    const { tokens, totalUsd } = await getAgent(STX[1]);
    expect(tokens.map((token) => [token.symbol, token.usdValue])).toEqual([
      ["STX", 1.5],
      ["leo", 0],
    ]);
    expect(tokens[1]).toMatchObject({ counted: false, reason: "unlisted" });
    expect(totalUsd).toBe(1.5);
  });

  it("does not count a Bitcoin address that another agent claims, nor a coin without a price", async () => {
    await publish([{ stx: STX[0] }], { prices: { "btc-l1": 100_000 } });
    await list(STX[1], BTC[1]);
    await list(STX[2], BTC[1]);
    await hold(STX[2], [
      ["btc-l1", "100000000", 100_000_000_000],
      ["stx", "3000000", 2_550_000],
    ]);
    await env.DB.prepare("UPDATE tokens SET decimals = CASE token_id WHEN 'stx' THEN 6 ELSE 8 END").run();
    const { tokens, totalUsd } = await getAgent(STX[2]);
    expect(totalUsd).toBe(0);
    expect(tokens).toEqual([
      expect.objectContaining({
        symbol: "BTC",
        priced: true,
        usdValue: 0,
        counted: false,
        reason: "claimed-by-another",
      }),
      expect.objectContaining({ symbol: "STX", priced: false, usdValue: 0, counted: false, reason: "no-price" }),
    ]);
  });

  it("says partial when a source failed, and the older time when both have answered", async () => {
    await publish([{ stx: STX[0] }]);
    await list(STX[1]);
    await answer(STX[1], { stacks: PUBLISHED_AT, bitcoin: PUBLISHED_AT - 5_000, error: "http-503" });
    expect(await getAgent(STX[1])).toMatchObject({ fetchError: "partial", updatedAt: "2026-11-22T14:02:05.000Z" });
  });

  it("is shown before the first publication, and then never stored", async () => {
    await list(STX[1]);
    const response = await request(`/api/dashboard/${STX[1]}`);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await readBody(response, agentAnswerSchema)).toMatchObject({
      rank: null,
      pending: true,
      tokens: [],
      version: 0,
      cachedAt: null,
      prices: { BTC: null, STX: null, sBTC: null },
    });
  });

  it("changes its validator when more is known, without a new version", async () => {
    await publish([{ stx: STX[0] }]);
    await list(STX[1]);
    const before = (await request(`/api/dashboard/${STX[1]}`)).headers.get("ETag") ?? "";
    const same = await request(`/api/dashboard/${STX[1]}`, { headers: { "If-None-Match": before } });
    expect(same.status).toBe(304);
    await hold(STX[1], [["stx", "3000000", null]]);
    const after = await request(`/api/dashboard/${STX[1]}`, { headers: { "If-None-Match": before } });
    expect(after.status).toBe(200);
  });
});

describe("no agent", () => {
  it("is 404 when nobody registered has the address", async () => {
    await publish([{ stx: STX[0] }]);
    for (const address of [STX[1], BTC[2]]) {
      await expectProblem(await request(`/api/dashboard/${address}`), 404, "agent-not-found");
    }
  });

  it.each([
    "SP123",
    STX[0].toLowerCase(),
    `${STX[0]}X`,
    "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG",
    "%00",
    "'; DROP TABLE agents; --",
    "a".repeat(9_000),
  ])("is 400 for what is no mainnet address: %.40s", async (text) => {
    const problem = await expectProblem(
      await request(`/api/dashboard/${encodeURIComponent(text)}`),
      400,
      "invalid-request",
    );
    expect(problem.errors).toEqual([{ parameter: "address", detail: expect.stringContaining("mainnet") }]);
  });

  it("takes no parameters", async () => {
    const problem = await expectProblem(await request(`/api/dashboard/${STX[0]}?limit=1`), 400, "invalid-request");
    expect(problem.errors).toEqual([{ parameter: "limit", detail: "is not known here" }]);
  });
});

async function hold(stx: string, balances: [tokenId: string, raw: string, usd: number | null][]): Promise<void> {
  await env.DB.batch(
    balances.flatMap(([tokenId, raw, usd]) => [
      env.DB.prepare("INSERT OR IGNORE INTO tokens (token_id, symbol) VALUES (?, ?)").bind(
        tokenId,
        tokenId.split(".")[1] ?? "",
      ),
      env.DB.prepare("INSERT INTO balances VALUES (?, ?, ?, ?, NULL, ?, 'hiro')").bind(
        stx,
        tokenId,
        PUBLISHED_AT,
        raw,
        usd,
      ),
    ]),
  );
}

async function answer(stx: string, good: { stacks?: number; bitcoin?: number; error?: string }): Promise<void> {
  await env.DB.prepare(`INSERT INTO fetches (agent_address, stacks_attempted_at, stacks_good_at, stacks_error, bitcoin_attempted_at,
       bitcoin_good_at, bitcoin_error, tokens_left_out, rotation) VALUES (?, ?, ?, NULL, ?, ?, ?, 0, 1)`)
    .bind(stx, PUBLISHED_AT, good.stacks ?? null, PUBLISHED_AT, good.bitcoin ?? null, good.error ?? null)
    .run();
}
