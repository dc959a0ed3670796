import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../clock.ts";
import { BTC, SBTC, STX } from "../tokens/assets.ts";
import { createBudget } from "./budget.ts";
import { createHosts, type HostName } from "./gates.ts";
import { fetchStacksBalances, type HiroRoutes } from "./hiro.ts";
import { MAX_TOKENS_PER_AGENT } from "./holdings.ts";
import { createHttp, MAX_BODY_BYTES, parseJson } from "./http.ts";
import { fetchBitcoinBalance } from "./mempool.ts";

const PRINCIPAL = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7";
const ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
const SBTC_CONTRACT = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token";
const SPAM = "SP2C2YFP12AJZB4MABJBAJ55XECVS7E4PMMZ89YZR.spam";

describe("Hiro v1", () => {
  it("reads STX, sBTC by its contract whatever its asset is called, and other tokens by contract", async () => {
    const { stacks } = rig(() =>
      v1("13568037", { [`${SBTC_CONTRACT}::sbtc`]: "50000000", [`${SPAM}::pepe`]: "4", [`${SPAM}2::gone`]: "0" }),
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

  it("does not take a token that is only called sBTC for it", async () => {
    const { stacks } = rig(() => v1("0", { [`${SPAM}::sbtc-token`]: "2100000000000000" }));
    expect(await stacks()).toMatchObject({
      value: { balances: [{}, { tokenId: SBTC, rawAmount: 0n }, { tokenId: SPAM }] },
    });
  });

  it("sums the assets of one contract, as sBTC does with its locked part", async () => {
    const { stacks } = rig(() =>
      v1("0", { [`${SBTC_CONTRACT}::sbtc-token`]: "5", [`${SBTC_CONTRACT}::sbtc-token-locked`]: "3" }),
    );
    expect(await stacks()).toMatchObject({ value: { balances: [{}, { tokenId: SBTC, rawAmount: 8n }] } });
  });

  it("keeps a hundred tokens, the ranked and the largest, and counts the rest", async () => {
    const spam = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`${SPAM}-${i}::x`, String(i + 1)]));
    const { stacks } = rig(() => v1("7", { ...spam, [`${SBTC_CONTRACT}::sbtc-token`]: "1" }));
    const attempt = await stacks();
    if (attempt.kind !== "fetched") throw new Error("not fetched");
    expect(attempt.value.balances.length).toBe(MAX_TOKENS_PER_AGENT);
    expect(attempt.value.leftOut).toBe(1_000 - (MAX_TOKENS_PER_AGENT - 2));
    expect(attempt.value.balances[2]).toMatchObject({ rawAmount: 1_000n });
  });

  it.each([
    ["more STX than can exist", v1("2000000000000001", {}), "implausible"],
    ["more sBTC than can exist", v1("0", { [`${SBTC_CONTRACT}::sbtc-token`]: "2100000000000001" }), "implausible"],
    ["a negative amount", v1("-1", {}), "invalid-shape"],
    ["an amount as a number", Response.json({ stx: { balance: 5 }, fungible_tokens: {} }), "invalid-shape"],
    ["a missing map of tokens", Response.json({ stx: { balance: "5" } }), "invalid-shape"],
    ["a token that is none", v1("0", { "no identifier": "5" }), "invalid-shape"],
    ["null", Response.json(null), "invalid-shape"],
    ["HTML with 200", new Response("<html>", { headers: { "content-type": "text/html" } }), "content-type"],
    ["JSON cut short", json('{"stx":{"balance":"1'), "invalid-json"],
    ["an empty body", json(""), "invalid-json"],
    ["a redirect", new Response(null, { status: 302, headers: { location: "https://elsewhere.example" } }), "redirect"],
    ["no current block", Response.json({ error: "no current block" }, { status: 404 }), "http-error"],
    ["a broken database", Response.json({ error: "unavailable" }, { status: 503 }), "http-error"],
  ])("fails on %s", async (_name, response, reason) => {
    expect(await rig(() => response).stacks()).toMatchObject({ kind: "failed", reason });
  });

  it("reads no more of an endless body than its limit", async () => {
    let sent = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 65_536;
            controller.enqueue(new Uint8Array(65_536).fill(32));
          },
        }),
        { headers: { "content-type": "application/json" } },
      );
    const { bitcoin } = rig(endless);
    expect(await bitcoin()).toMatchObject({ kind: "failed", reason: "too-large" });
    expect(sent).toBeLessThan(MAX_BODY_BYTES + 4 * 65_536);
  });

  it.each([
    ["410", Response.json({ error: "Gone", message: "This endpoint has been disabled." }, { status: 410 })],
    [
      "the router's 404",
      Response.json(
        { message: "Route GET:/extended/v1/x not found", error: "Not Found", statusCode: 404 },
        { status: 404 },
      ),
    ],
  ])("goes on with v3 after %s, and remembers it", async (_name, gone) => {
    const { stacks, routes, paths } = rig((path) => (path.includes("/v1/") ? gone.clone() : v3(path)));
    expect(await stacks()).toMatchObject({
      kind: "fetched",
      value: { balances: [{ rawAmount: 77n }, { rawAmount: 9n }] },
    });
    expect(routes.version).toBe("v3");
    await stacks();
    expect(paths.filter((path) => path.includes("/v1/")).length).toBe(1);
  });

  it("refuses a mistyped principal without a call: v3 would answer with zeros", async () => {
    const { http, routes, paths } = rig(() => v1("0", {}));
    expect(await fetchStacksBalances(http, routes, PRINCIPAL.replace("7", "8"))).toMatchObject({
      reason: "invalid-address",
    });
    expect(paths).toEqual([]);
  });
});

describe("Hiro v3", () => {
  it("puts pages together by identifier, with the cursor encoded", async () => {
    const { stacks, routes, paths } = rig((path) => {
      if (path.endsWith("/stx")) return Response.json({ balance: "1", available: "1", locked: null, mempool: null });
      return path.includes("cursor=")
        ? ftPage(
            [
              ["b", "2"],
              ["c", "1"],
            ],
            null,
          )
        : ftPage(
            [
              ["a", "3"],
              ["b", "2"],
            ],
            `2:${SPAM}-b::b`,
          );
    });
    routes.version = "v3";
    const attempt = await stacks();
    expect(attempt).toMatchObject({ value: { balances: [{}, {}, { symbol: "a" }, { symbol: "b" }, { symbol: "c" }] } });
    expect(paths.at(-1)).toContain(`cursor=${encodeURIComponent(`2:${SPAM}-b::b`)}`);
  });

  it("asks for sBTC by name when an address holds more tokens than it pages through", async () => {
    let page = 0;
    const { stacks, routes } = rig((path) => {
      if (path.endsWith("/stx")) return Response.json({ balance: "1" });
      if (path.includes("sbtc-token"))
        return Response.json({ asset_identifier: `${SBTC_CONTRACT}::sbtc-token`, balance: "42" });
      page++;
      return ftPage([[`t${page}`, "9"]], `9:${SPAM}-next::x`, 5_000);
    });
    routes.version = "v3";
    expect(await stacks()).toMatchObject({
      value: { leftOut: 4_995, balances: [{}, { tokenId: SBTC, rawAmount: 42n }, ...Array(5).fill({})] },
    });
    expect(page).toBe(5);
  });

  it("is no answer when one of its parts fails", async () => {
    const { stacks, routes } = rig((path) =>
      path.endsWith("/stx") ? Response.json({ balance: "1" }) : Response.json({}, { status: 500 }),
    );
    routes.version = "v3";
    expect(await stacks()).toMatchObject({ kind: "failed", reason: "http-error" });
  });
});

describe("mempool.space", () => {
  it("counts what is confirmed, not what waits in the mempool", async () => {
    const { bitcoin } = rig(() =>
      Response.json({ ...stats(94_641, 0), mempool_stats: { funded_txo_sum: 0, spent_txo_sum: 94_641 } }),
    );
    expect(await bitcoin()).toMatchObject({ value: { balances: [{ tokenId: BTC, rawAmount: 94_641n }] } });
  });

  it("keeps a turnover past 2^53 exact", async () => {
    const { bitcoin } = rig(() =>
      json(JSON.stringify(stats(1, 2)).replace(":1,", ":9007199254740993,").replace(":2", ":9007199254740992")),
    );
    expect(await bitcoin()).toMatchObject({ value: { balances: [{ rawAmount: 1n }] } });
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
    ["a refusal in plain text", new Response("Invalid Bitcoin address", { status: 400 }), "http-error"],
  ])("fails on %s", async (_name, response, reason) => {
    expect(await rig(() => response).bitcoin()).toMatchObject({ kind: "failed", reason });
  });
});

describe("whatever a host answers", () => {
  it("is a value only when it is wholly valid", async () => {
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ stx: fc.jsonValue(), fungible_tokens: fc.jsonValue() }).map((one) => JSON.stringify(one)),
      fc.record({ address: fc.constant(ADDRESS), chain_stats: fc.jsonValue() }).map((one) => JSON.stringify(one)),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const { stacks, bitcoin } = rig(() => json(text));
        for (const attempt of [await stacks(), await bitcoin()]) {
          if (attempt.kind !== "fetched") continue;
          for (const { rawAmount } of attempt.value.balances) expect(rawAmount).toBeGreaterThanOrEqual(0n);
          expect(JSON.parse(text)).toHaveProperty(attempt.value.provider === "hiro" ? "stx.balance" : "chain_stats");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("every call", () => {
  it("adds its path to the base URL's own, and asks for JSON without following redirects", async () => {
    const { bitcoin, requests } = rig(() => Response.json(stats(1, 0)));
    await bitcoin();
    expect(requests[0]?.url).toBe(`https://mempool.example/some/api/address/${ADDRESS}`);
    expect(requests[0]?.init).toMatchObject({ redirect: "manual", headers: { accept: "application/json" } });
  });

  it("times out while the body is still coming", async () => {
    const stuck = () => new Response(new ReadableStream({}), { headers: { "content-type": "application/json" } });
    expect(await rig(stuck, { timeoutMs: 20 }).bitcoin()).toMatchObject({ kind: "failed", reason: "timeout" });
  });

  it("is postponed when the deadline of the tick ends it, and blames nobody", async () => {
    const deadline = new AbortController();
    const stuck = () => {
      setTimeout(() => deadline.abort(), 10);
      return new Response(new ReadableStream({}), { headers: { "content-type": "application/json" } });
    };
    const { bitcoin, hosts } = rig(stuck, { deadline: deadline.signal });
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "deadline" });
    expect(hosts.end().counts.mempool).toMatchObject({ failed: 0 });
  });

  it("is not made past the budget", async () => {
    const { bitcoin, paths } = rig(() => Response.json(stats(1, 0)), { budget: 2 });
    await bitcoin();
    await bitcoin();
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "budget" });
    expect(paths.length).toBe(2);
  });

  it("is not made past the host's monthly budget, until the month ends", async () => {
    const { bitcoin, paths, hosts } = rig(() => Response.json(stats(1, 0)), { monthlyBudget: 2 });
    await bitcoin();
    await bitcoin();
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "host-blocked" });
    expect(paths.length).toBe(2);
    const { mempool } = hosts.end().states;
    expect(mempool).toMatchObject({ breaker: "open", lastError: "the monthly budget is spent", use: { calls: 2 } });
    expect(mempool.notBefore).toBe(Date.UTC(1970, 1, 1));
  });

  it("is not made to a host that said 429, until its time; the other host goes on", async () => {
    const { bitcoin, stacks, hosts, paths } = rig((path) =>
      path.startsWith("/address") ? new Response("", { status: 429, headers: { "retry-after": "60" } }) : v1("1", {}),
    );
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "rate-limited" });
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "host-blocked" });
    expect(paths.length).toBe(1);
    expect((await stacks()).kind).toBe("fetched");
    expect(hosts.end().states.mempool).toMatchObject({ breaker: "open", notBefore: 60_000 });
  });

  it("says a network fault in one word, without what was thrown", async () => {
    const { bitcoin } = rig(() => {
      throw new TypeError("connect ECONNREFUSED 10.0.0.1:443");
    });
    expect(await bitcoin()).toEqual({ kind: "failed", reason: "network" });
  });
});

describe("parseJson", () => {
  it("hands integers past 2^53 over as digits, and leaves the rest", () => {
    expect(parseJson('{"a":9007199254740993,"b":1.5,"c":"x","d":[12]}')).toEqual({
      a: "9007199254740993",
      b: 1.5,
      c: "x",
      d: [12],
    });
  });
});

const NO_BUDGETS = { hiro: 0, mempool: 0, coingecko: 0, coinbase: 0 };

function rig(
  answer: (path: string) => Response,
  options: { budget?: number; monthlyBudget?: number; timeoutMs?: number; deadline?: AbortSignal } = {},
) {
  const baseUrls: Record<HostName, string> = {
    hiro: "https://hiro.example/",
    mempool: "https://mempool.example/some/api/",
    coingecko: "https://coingecko.example",
    coinbase: "https://coinbase.example",
  };
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  const paths: string[] = [];
  const clock = { ...systemClock, now: () => 0 };
  const hosts = createHosts({
    states: {},
    clock,
    openMs: 600_000,
    monthlyBudgets: { ...NO_BUDGETS, mempool: options.monthlyBudget ?? 0 },
  });
  const http = createHttp({
    async fetch(input, init) {
      const url = String(input);
      requests.push({ url, init });
      const path = url.replace(/^https:\/\/[^/]+(?:\/some\/api)?/, "");
      paths.push(path);
      const response = answer(path);
      return response.body && init?.signal ? abortable(response, init.signal) : response;
    },
    baseUrls,
    headers: {},
    budget: createBudget(options.budget ?? 100),
    hosts,
    clock,
    deadline: options.deadline ?? new AbortController().signal,
    ...(options.timeoutMs && { timeoutMs: options.timeoutMs }),
  });
  const routes: HiroRoutes = { version: "v1" };
  return {
    http,
    hosts,
    routes,
    paths,
    requests,
    stacks: () => fetchStacksBalances(http, routes, PRINCIPAL),
    bitcoin: () => fetchBitcoinBalance(http, ADDRESS),
  };
}

/** As on the platform: an abort ends the body too. */
function abortable(response: Response, signal: AbortSignal): Response {
  const { readable, writable } = new TransformStream();
  response.body?.pipeTo(writable, { signal }).catch(() => {});
  return new Response(readable, response);
}

function v1(stx: string, tokens: Record<string, string>): Response {
  const fungible_tokens = Object.fromEntries(Object.entries(tokens).map(([id, balance]) => [id, { balance }]));
  return Response.json({ stx: { balance: stx, locked: "0" }, fungible_tokens, non_fungible_tokens: {} });
}

function v3(path: string): Response {
  return path.endsWith("/stx")
    ? Response.json({ balance: "77" })
    : ftPage([], null, 1, [{ asset_identifier: `${SBTC_CONTRACT}::sbtc-token`, balance: "9" }]);
}

function ftPage(tokens: [string, string][], next: string | null, total = tokens.length, more: object[] = []): Response {
  const results = tokens.map(([name, balance]) => ({ asset_identifier: `${SPAM}-${name}::${name}`, balance }));
  return Response.json({
    total,
    limit: 200,
    cursor: { next, previous: null, current: null },
    results: [...results, ...more],
  });
}

function stats(funded: number, spent: number) {
  return { address: ADDRESS, chain_stats: { funded_txo_sum: funded, spent_txo_sum: spent } };
}

function json(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}
