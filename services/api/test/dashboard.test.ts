import { beforeEach, describe, expect, it } from "vitest";
import { dashboardSchema, selfDescriptionSchema } from "../src/ranking/schema.ts";
import {
  BTC,
  clearDatabase,
  crowd,
  expectProblem,
  list,
  observe,
  PUBLISHED_AT,
  prune,
  publish,
  readBody,
  request,
  STX,
} from "./builders.ts";

const SNAPSHOT = "public, max-age=30, s-maxage=60, stale-while-revalidate=300";
const SNAPSHOT_AT_EDGE = "public, max-age=60, stale-while-revalidate=300, stale-if-error=3600";

beforeEach(clearDatabase);

async function getDashboard(query = "") {
  const response = await request(`/api/dashboard${query}`);
  expect(response.status).toBe(200);
  return readBody(response, dashboardSchema);
}

describe("the answer", () => {
  it("shows agents, prices, totals and the place of the page", async () => {
    await publish([{ stx: STX[0], name: "Marten", bns: "marten.btc", total: 121_140_500_000 }, { stx: STX[1] }], {
      version: 812,
      pending: 3,
    });
    expect(await getDashboard()).toEqual({
      agents: [
        {
          rank: 1,
          stxAddress: STX[0],
          btcAddress: BTC[0],
          displayName: "Marten",
          bnsName: "marten.btc",
          level: 2,
          levelName: "Genesis",
          tokens: [],
          totalUsd: 121_140.5,
          updatedAt: "2026-11-22T14:01:10.000Z",
        },
        expect.objectContaining({ rank: 2, displayName: null, bnsName: null, totalUsd: 0 }),
      ],
      prices: { BTC: 100_000, STX: 0.85, sBTC: 100_000 },
      stats: {
        total: 2,
        totalUsd: 121_140.5,
        pricedAt: "2026-11-22T14:01:40.000Z",
        partialCount: 0,
        pendingCount: 3,
      },
      cachedAt: "2026-11-22T14:02:10.000Z",
      version: 812,
      pagination: { total: 2, limit: 100, offset: 0, hasMore: false },
    });
  });

  it("shows a token's balance as digits and its amount, price and value as numbers", async () => {
    const token = { id: "btc-l1", symbol: "BTC", raw: "123456789", decimals: 8, usd: 121_140_500_001 };
    await publish([{ stx: STX[0], tokens: [token] }], { prices: { "btc-l1": 98_123.5 } });
    expect((await getDashboard()).agents[0]?.tokens).toEqual([
      {
        symbol: "BTC",
        balance: "123456789",
        decimals: 8,
        amount: 1.23456789,
        priceUsd: 98_123.5,
        usdValue: 121_140.500001,
        priced: true,
        decimalsKnown: true,
        counted: true,
      },
    ]);
  });

  it("says of each token whether it counts, and why not; what does not count is worth 0 and comes after", async () => {
    const leo = `${STX[1]}.leo`;
    const tokens = [
      {
        id: "btc-l1",
        symbol: "BTC",
        raw: "100000000",
        decimals: 8,
        usd: 9e10,
        counted: 0,
        reason: "claimed-by-another",
      },
      { id: "stx", symbol: "STX", raw: "2000000", decimals: 6, usd: 1_700_000, counted: 1, reason: null },
      { id: "sbtc", symbol: "sBTC", raw: "5", decimals: 8, usd: null, counted: 0, reason: "no-price" },
      { id: leo, symbol: "leo", raw: "7", decimals: null, usd: null, counted: 0, reason: "unlisted" },
    ] as const;
    const prices = { "btc-l1": 90_000, stx: 0.85 };
    await publish([{ stx: STX[0], total: 1_700_000, tokens: [...tokens] }], { prices });
    const [agent] = (await getDashboard()).agents;
    expect(agent?.totalUsd).toBe(1.7);
    expect(
      agent?.tokens.map(({ symbol, priced, usdValue, counted, reason }) => [symbol, priced, usdValue, counted, reason]),
    ).toEqual([
      ["STX", true, 1.7, true, undefined],
      ["BTC", true, 0, false, "claimed-by-another"],
      ["sBTC", false, 0, false, "no-price"],
      ["leo", false, 0, false, "unlisted"],
    ]);
  });

  it("reads a ranking that the first release froze: coins count where they are valued, nothing else does", async () => {
    const tokens = [
      { id: "btc-l1", symbol: "BTC", raw: "100000000", decimals: 8, usd: 98_000_000_000 },
      { id: "stx", symbol: "STX", raw: "2000000", decimals: 6, usd: null },
      { id: `${STX[1]}.leo`, symbol: "leo", raw: "7", decimals: 6, usd: 5 },
    ];
    await publish([{ stx: STX[0], total: 98_000_000_000, tokens }], {
      prices: { "btc-l1": 98_000, [`${STX[1]}.leo`]: 1 },
    });
    const [agent] = (await getDashboard()).agents;
    expect(agent?.totalUsd).toBe(98_000);
    expect(agent?.tokens.map(({ symbol, usdValue, counted, reason }) => [symbol, usdValue, counted, reason])).toEqual([
      ["BTC", 98_000, true, undefined],
      ["STX", 0, false, "no-price"],
      ["leo", 0, false, "unlisted"],
    ]);
  });

  it("names the contract of Stacks tokens, of sBTC too, and of nothing else", async () => {
    const ids = ["btc-l1", "stx", "sbtc", "SP2C1WREHGM75C7TGFAEJPFKTFTEGZKF6DFT6E2GE.leo"];
    await publish([{ stx: STX[0], tokens: ids.map((id) => ({ id, symbol: "X", raw: "1", decimals: 6, usd: 0 })) }]);
    expect((await getDashboard()).agents[0]?.tokens.map((token) => token.contract)).toEqual([
      undefined,
      undefined,
      "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token",
      "SP2C1WREHGM75C7TGFAEJPFKTFTEGZKF6DFT6E2GE.leo",
    ]);
  });

  it("marks a token without a price, and one without known decimals, and keeps every digit", async () => {
    const raw = "340282366920938463463374607431768211455"; // 2^128 - 1
    const tokens = [
      { id: `${STX[1]}.six`, symbol: "SIX", raw: "2500000", decimals: 6, usd: null },
      { id: `${STX[1]}.what`, symbol: "what", raw, decimals: null, usd: null },
    ];
    await publish([{ stx: STX[0], tokens }]);
    expect((await getDashboard()).agents[0]?.tokens).toEqual([
      expect.objectContaining({ amount: 2.5, priced: false, priceUsd: 0, usdValue: 0, decimalsKnown: true }),
      expect.objectContaining({ balance: raw, decimals: 0, amount: 2 ** 128, priced: false, decimalsKnown: false }),
    ]);
  });

  it("does not price a token whose value could not be computed, though a price is known", async () => {
    const id = `${STX[1]}.what`;
    await publish([{ stx: STX[0], tokens: [{ id, symbol: "what", raw: "5", decimals: null, usd: null }] }], {
      prices: { [id]: 3 },
    });
    expect((await getDashboard()).agents[0]?.tokens).toEqual([
      expect.objectContaining({ priced: false, priceUsd: 0, usdValue: 0 }),
    ]);
  });

  it("says partial only of agents whose source failed", async () => {
    await publish([{ stx: STX[0], partial: true }, { stx: STX[1] }]);
    const { agents, stats } = await getDashboard();
    expect(agents.map((agent) => agent.fetchError)).toEqual(["partial", undefined]);
    expect(stats.partialCount).toBe(1);
  });

  it("shows null for a price that was never accepted, never zero", async () => {
    await publish([{ stx: STX[0] }], { prices: { "btc-l1": 98_123.5 }, pricedAt: null });
    const { prices, stats } = await getDashboard();
    expect(prices).toEqual({ BTC: 98_123.5, STX: null, sBTC: null });
    expect(stats.pricedAt).toBeNull();
  });

  it("is empty, version 0 and never stored before the first publication", async () => {
    for (const query of ["", "?version=0", "?limit=5&offset=10"]) {
      const response = await request(`/api/dashboard${query}`);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(response.headers.get("ETag")).toBeNull();
      expect(response.headers.get("Link")).toBeNull();
      expect(await readBody(response, dashboardSchema)).toMatchObject({
        agents: [],
        prices: { BTC: null, STX: null, sBTC: null },
        stats: { total: 0, pricedAt: null },
        cachedAt: null,
        version: 0,
      });
    }
  });

  it("describes itself for docs=1, with every parameter and every field", async () => {
    const response = await request("/api/dashboard?docs=1");
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=300");
    const description = await readBody(response, selfDescriptionSchema);
    expect(Object.keys(description.parameters)).toEqual(["limit", "offset", "version", "around", "q", "docs"]);
    expect(description.parameters.limit).toContain("1 to 500, default 100");
    expect(Object.keys(description.responseFormat)).toEqual(
      expect.arrayContaining(["agents[].tokens[].usdValue", "pagination.hasMore", "prices.BTC"]),
    );
  });
});

describe("paging", () => {
  it("answers with the asked part, and whether there is more", async () => {
    await publish(crowd(7));
    expect((await getDashboard("?limit=3&offset=3")).agents.map((agent) => agent.rank)).toEqual([4, 5, 6]);
    expect((await getDashboard("?limit=3&offset=3")).pagination).toEqual({
      total: 7,
      limit: 3,
      offset: 3,
      hasMore: true,
    });
    expect((await getDashboard("?limit=3&offset=4")).pagination.hasMore).toBe(false);
  });

  it("answers with an empty page past the end", async () => {
    await publish(crowd(3));
    for (const offset of [3, 4, 1_000_000, 2 ** 53 - 501]) {
      const { agents, pagination } = await getDashboard(`?offset=${offset}`);
      expect({ agents, pagination }).toEqual({
        agents: [],
        pagination: { total: 3, limit: 100, offset, hasMore: false },
      });
    }
  });

  it("links to the neighbours relatively, pinned to the version", async () => {
    await publish(crowd(7), { version: 812 });
    const response = await request("http://some.host/api/dashboard?limit=3&offset=3");
    expect(response.headers.get("Link")).toBe(
      [
        '</api/dashboard?limit=3&offset=0&version=812>; rel="first"',
        '</api/dashboard?limit=3&offset=0&version=812>; rel="prev"',
        '</api/dashboard?limit=3&offset=6&version=812>; rel="next"',
        '</api/dashboard?limit=3&offset=6&version=812>; rel="last"',
      ].join(", "),
    );
  });

  it("puts PUBLIC_URL before links, and never the request's host", async () => {
    await publish(crowd(1));
    const changed = { PUBLIC_URL: "https://standings.example/" };
    const init = { headers: { Host: "evil.example", "X-Forwarded-Host": "evil.example" } };
    const response = await request("http://evil.example/api/dashboard?limit=1", init, changed);
    expect(response.headers.get("Link")).toContain(
      "<https://standings.example/api/dashboard?limit=1&offset=0&version=1>",
    );
    const problem = await request("http://evil.example/api/dashboard?limit=0", init, changed);
    expect(await problem.json()).toMatchObject({ type: "https://standings.example/problems/invalid-request" });
  });

  it("centres on an agent, by either address and either case of bech32", async () => {
    const agents = crowd(20).map((agent, index) => (index === 9 ? { ...agent, stx: STX[2], btc: BTC[0] } : agent));
    await publish(agents);
    await list(STX[2], BTC[0]);
    for (const address of [STX[2], BTC[0], BTC[0].toUpperCase()]) {
      const { agents, pagination } = await getDashboard(`?around=${address}&limit=5`);
      expect(agents.map((agent) => agent.rank)).toEqual([8, 9, 10, 11, 12]);
      expect(pagination).toEqual({ total: 20, limit: 5, offset: 7, hasMore: true });
    }
  });

  it("keeps a centred page full at either end", async () => {
    await publish([{ stx: STX[0] }, ...crowd(8), { stx: STX[2] }]);
    const top = await getDashboard(`?around=${STX[0]}&limit=4`);
    const bottom = await getDashboard(`?around=${STX[2]}&limit=4`);
    expect(top.agents.map((agent) => agent.rank)).toEqual([1, 2, 3, 4]);
    expect(bottom.agents.map((agent) => agent.rank)).toEqual([7, 8, 9, 10]);
  });

  it("tells an agent that is not ranked from one that is not registered", async () => {
    await publish(crowd(3));
    await list(STX[1], BTC[1]);
    await expectProblem(await request(`/api/dashboard?around=${STX[1]}`), 404, "agent-not-ranked");
    await expectProblem(await request(`/api/dashboard?around=${BTC[1]}`), 404, "agent-not-ranked");
    await expectProblem(await request(`/api/dashboard?around=${STX[0]}`), 404, "agent-not-found");
    await expectProblem(await request(`/api/dashboard?around=${BTC[2]}`), 404, "agent-not-found");
  });
});

describe("versions", () => {
  it("answers with the newest without a version, and with the pinned one with it", async () => {
    await publish([{ stx: STX[0] }], { version: 4 });
    await publish([{ stx: STX[1] }], { version: 5 });
    expect((await getDashboard()).version).toBe(5);
    expect((await getDashboard("?version=4")).agents[0]?.stxAddress).toBe(STX[0]);
  });

  it("answers 410 for a version that is gone, and names the newest", async () => {
    await publish(crowd(1), { version: 9 });
    for (const version of [0, 1, 8]) {
      const problem = await expectProblem(await request(`/api/dashboard?version=${version}`), 410, "version-gone");
      expect(problem.detail).toContain("version 9");
    }
  });

  it("answers 404 for a version that does not exist yet", async () => {
    await expectProblem(await request("/api/dashboard?version=1"), 404, "version-unknown");
    await publish(crowd(1), { version: 9 });
    await expectProblem(await request("/api/dashboard?version=10"), 404, "version-unknown");
  });

  it("answers 410, not an empty page, when the version is pruned between its check and the page", async () => {
    await publish(crowd(3), { version: 4 });
    await publish(crowd(3), { version: 5 });
    const { DB } = observe(() => prune(4));
    const response = await request("/api/dashboard?version=4", {}, { DB });
    expect(response.headers.get("ETag")).toBeNull();
    expect(response.headers.get("Link")).toBeNull();
    await expectProblem(response, 410, "version-gone");
  });

  it("gives the same bytes for one version and query, whatever is published meanwhile", async () => {
    await publish(crowd(5), { version: 4 });
    const before = await (await request("/api/dashboard?limit=2&version=4")).text();
    await publish(crowd(9), { version: 5, publishedAt: PUBLISHED_AT + 60_000 });
    const after = await (await request("/api/dashboard?limit=2&version=4")).text();
    expect(after).toBe(before);
  });
});

describe("validators and caching", () => {
  it("carries the snapshot policy and a weak validator of version and window", async () => {
    await publish(crowd(5), { version: 4 });
    const response = await request("/api/dashboard?limit=2&offset=2");
    expect(response.headers.get("Cache-Control")).toBe(SNAPSHOT);
    expect(response.headers.get("Cloudflare-CDN-Cache-Control")).toBe(SNAPSHOT_AT_EDGE);
    expect(response.headers.get("ETag")).toBe('W/"4-json-2-2"');
  });

  it("gives one validator to every spelling of a query, and another to every other page", async () => {
    await publish(crowd(200), { version: 4 });
    const etags = await Promise.all(
      ["", "?limit=100", "?offset=0&limit=100", "?version=4", "?limit=99", "?offset=100"].map(async (query) =>
        (await request(`/api/dashboard${query}`)).headers.get("ETag"),
      ),
    );
    expect(new Set(etags.slice(0, 4)).size).toBe(1);
    expect(new Set(etags.slice(3)).size).toBe(3);
  });

  it("answers 304 with the policy and without reading the page", async () => {
    await publish(crowd(5), { version: 4 });
    const etag = (await request("/api/dashboard")).headers.get("ETag") ?? "";
    for (const held of [etag, `"other", ${etag}`, etag.replace("W/", ""), "*"]) {
      const { DB, seen } = observe();
      const response = await request("/api/dashboard", { headers: { "If-None-Match": held } }, { DB });
      expect(response.status).toBe(304);
      expect(await response.text()).toBe("");
      expect(response.headers.get("ETag")).toBe(etag);
      expect(response.headers.get("Cache-Control")).toBe(SNAPSHOT);
      expect(seen.statements.filter((sql) => sql.includes("standings"))).toEqual([]);
    }
  });

  it("answers in full when the client holds another version", async () => {
    await publish(crowd(5), { version: 4 });
    const etag = (await request("/api/dashboard")).headers.get("ETag") ?? "";
    await publish(crowd(5), { version: 5 });
    expect((await request("/api/dashboard", { headers: { "If-None-Match": etag } })).status).toBe(200);
  });

  it("gives the same bytes whatever headers come with the request", async () => {
    await publish(crowd(3));
    const plain = await (await request("/api/dashboard")).text();
    for (const headers of [
      { Accept: "text/html" },
      { Cookie: "a=b" },
      { "X-Original-URL": "/x" },
      { "X-Request-Id": "mine" },
    ]) {
      const response = await request("/api/dashboard", { headers: headers as Record<string, string> });
      expect(await response.text()).toBe(plain);
      expect(response.headers.get("X-Request-Id")).not.toBe("mine");
    }
  });

  it("reads as many rows at the last page as at the first, at most two an agent and ten", async () => {
    await publish(crowd(1_000));
    const rowsRead = async (query: string) => {
      const { DB, seen } = observe();
      const response = await request(`/api/dashboard?${query}`, {}, { DB });
      expect((await readBody(response, dashboardSchema)).agents).toHaveLength(100);
      return seen.rowsRead;
    };
    const first = await rowsRead("limit=100");
    expect(first).toBeGreaterThanOrEqual(100);
    expect(first).toBeLessThanOrEqual(210);
    expect(await rowsRead("limit=100&offset=900")).toBe(first);
  });
});

describe("strict parameters", () => {
  const bad: [query: string, parameter: string][] = [
    ...[
      "",
      "0",
      "01",
      "-1",
      "+1",
      "1.5",
      "1e2",
      "501",
      "abc",
      " 1",
      "0x10",
      "1,2",
      "NaN",
      "١",
      "%zz",
      "9".repeat(40),
    ].map((value): [string, string] => [`limit=${value}`, "limit"]),
    ...["", "-1", "00", "1.0", "9007199254740991"].map((value): [string, string] => [`offset=${value}`, "offset"]),
    ...["", "-1", "1.0", "latest"].map((value): [string, string] => [`version=${value}`, "version"]),
    ...["", "SP123", STX[0].toLowerCase(), "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"].map(
      (value): [string, string] => [`around=${value}`, "around"],
    ),
    [`around=${STX[0]}&offset=0`, "offset"],
    [`around=${STX[0]}&around=${STX[1]}`, "around"],
    ["docs=2", "docs"],
    ["docs=", "docs"],
    ["limit=1&limit=1", "limit"],
    ["limit=1&limit=2", "limit"],
    ["page=2", "page"],
    ["Limit=2", "Limit"],
    ["limit[]=2", "limit[]"],
    ["__proto__=1", "__proto__"],
    ["constructor=1", "constructor"],
    ["=1", ""],
  ];
  it.each(bad)("refuses %s and names the parameter", async (query, parameter) => {
    await publish(crowd(1));
    const problem = await expectProblem(await request(`/api/dashboard?${query}`), 400, "invalid-request");
    expect(problem.errors?.map((error) => error.parameter)).toContain(parameter);
  });

  it("names everything that is wrong at once", async () => {
    const problem = await expectProblem(await request("/api/dashboard?limit=x&offset=y&z=1"), 400, "invalid-request");
    expect(problem.errors?.map((error) => error.parameter)).toEqual(["limit", "offset", "z"]);
  });
});
