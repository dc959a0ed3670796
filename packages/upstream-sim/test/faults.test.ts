import { type FaultRuleInput, startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const ANYONE = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
const BITCOIN = "bc1qkljqd65ax6mdpyzm9c2r8scg8euymkfqauukae";
const BALANCES = `/extended/v1/address/${ANYONE}/balances`;

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
  upstream.pinHoldings(ANYONE, { stx: "1234567" });
});
afterEach(() => upstream.setFaults([]));
afterAll(() => upstream.close());

describe("a fault of kind", () => {
  it("429 comes with the given Retry-After, or without any", async () => {
    const plain = await ask({ kind: "429" });
    expect([plain.status, plain.headers.get("retry-after")]).toEqual([429, null]);
    const timed = await ask({ kind: "429", retryAfter: "Mon, 23 Nov 2026 10:00:00 GMT" });
    expect(timed.headers.get("retry-after")).toBe("Mon, 23 Nov 2026 10:00:00 GMT");
  });

  it("5xx has the given status", async () => {
    expect((await ask({ kind: "5xx" })).status).toBe(503);
    const gateway = await ask({ kind: "5xx", status: 502 });
    expect([gateway.status, gateway.headers.get("content-type")]).toEqual([502, "text/html; charset=UTF-8"]);
  });

  it("timeout never answers, and the client's giving up ends it", async () => {
    upstream.setFaults([{ kind: "timeout" }]);
    const giveUp = new AbortController();
    const asked = fetch(upstream.baseUrls.HIRO_API_URL + BALANCES, { signal: giveUp.signal });
    await waitUntil(() => upstream.stats().inFlight === 1);
    giveUp.abort();
    await expect(asked).rejects.toThrow();
    await waitUntil(() => upstream.stats().inFlight === 0);
    expect(upstream.listCalls().at(-1)).toMatchObject({ status: 0, fault: "timeout" });
  });

  it("slow-body sends the headers first and then the whole answer", async () => {
    const response = await ask({ kind: "slow-body", overMs: 40 });
    expect(response.status).toBe(200);
    expect(upstream.stats().inFlight).toBe(1);
    expect(await response.json()).toHaveProperty("stx.balance", "1234567");
  });

  it("truncated-json is half an answer with status 200", async () => {
    const response = await ask({ kind: "truncated-json" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  it("html-200 is a page", async () => {
    const response = await ask({ kind: "html-200" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=UTF-8"]);
  });

  it("wrong-types keeps the shape and swaps the types", async () => {
    expect(await (await ask({ kind: "wrong-types" })).json()).toHaveProperty("stx.balance", 7);
    upstream.setFaults([{ kind: "wrong-types", host: "coingecko" }]);
    const query = "/simple/price?ids=bitcoin&vs_currencies=usd";
    const prices = await (await fetch(upstream.baseUrls.COINGECKO_API_URL + query)).json();
    expect(prices).toEqual({ bitcoin: { usd: expect.stringMatching(/^\d+/) } });
  });

  it("410 and 404 are the router's own answers", async () => {
    const gone = await ask({ kind: "410" });
    expect([gone.status, await gone.json()]).toEqual([410, expect.objectContaining({ error: "Gone" })]);
    const missing = await ask({ kind: "404" });
    expect(await missing.json()).toEqual({
      message: `Route GET:${BALANCES} not found`,
      error: "Not Found",
      statusCode: 404,
    });
  });

  it("reset destroys the socket", async () => {
    await expect(ask({ kind: "reset" })).rejects.toThrow("fetch failed");
  });

  it("huge-body is valid but longer than anyone should read", async () => {
    const response = await ask({ kind: "huge-body", bytes: 2_000_000 });
    expect(response.headers.get("content-length")).toBeNull();
    const text = await response.text();
    expect(text.length).toBe(2_000_000);
    expect(JSON.parse(text)).toHaveProperty("stx.balance", "1234567");
  });

  it("redirect answers whoever follows it, and the log tells", async () => {
    upstream.setFaults([{ kind: "redirect" }]);
    const url = upstream.baseUrls.HIRO_API_URL + BALANCES;
    expect((await fetch(url, { redirect: "manual" })).status).toBe(302);
    expect((await fetch(url)).status).toBe(200);
    expect(upstream.listCalls().at(-1)?.query).toBe("redirected=1");
  });

  it("empty and custom are what they say", async () => {
    expect(await (await ask({ kind: "empty" })).text()).toBe("");
    const custom = await ask({ kind: "custom", status: 404, body: "no current block", contentType: "text/plain" });
    expect([custom.status, await custom.text()]).toEqual([404, "no current block"]);
  });
});

describe("a fault rule", () => {
  it("applies to its host and path only", async () => {
    upstream.setFaults([
      { kind: "429", host: "mempool" },
      { kind: "410", host: "hiro", pathPrefix: "/extended/v1/" },
      { kind: "5xx", pathRegex: "/balances/ft$" },
    ]);
    expect(await statusOf("MEMPOOL", "/v1/prices")).toBe(429);
    expect(await statusOf("HIRO", BALANCES)).toBe(410);
    expect(await statusOf("HIRO", `/extended/v3/principals/${ANYONE}/balances/ft`)).toBe(503);
    expect(await statusOf("HIRO", `/extended/v3/principals/${ANYONE}/balances/stx`)).toBe(200);
  });

  it("reaches one route, one host and its prices alone, with the status and Retry-After it names", async () => {
    upstream.setFaults([
      { kind: "429", host: "hiro", pathRegex: "/balances/ft", retryAfter: "7" },
      { kind: "5xx", host: "mempool", pathPrefix: "/v1/prices", status: 502, retryAfter: "8" },
      { kind: "custom", host: "coingecko", status: 403, body: "{}", retryAfter: "9" },
      { kind: "custom", host: "hiro", pathPrefix: "/v2/accounts", status: 404, body: "no current block" },
    ]);
    const ask = async (host: "HIRO" | "MEMPOOL" | "BLOCKSTREAM" | "COINGECKO" | "COINBASE", path: string) => {
      const response = await fetch(upstream.baseUrls[`${host}_API_URL`] + path);
      return [response.status, response.headers.get("retry-after")];
    };
    expect(await ask("HIRO", `/extended/v3/principals/${ANYONE}/balances/ft?limit=200`)).toEqual([429, "7"]);
    expect(await ask("HIRO", `/extended/v3/principals/${ANYONE}/balances/stx`)).toEqual([200, null]);
    expect(await ask("HIRO", `/v2/accounts/${ANYONE}`)).toEqual([404, null]);
    expect(await ask("MEMPOOL", "/v1/prices")).toEqual([502, "8"]);
    expect(await ask("MEMPOOL", `/address/${BITCOIN}`)).toEqual([200, null]);
    expect(await ask("BLOCKSTREAM", `/address/${BITCOIN}`)).toEqual([200, null]);
    expect(await ask("COINGECKO", "/simple/price?ids=bitcoin&vs_currencies=usd")).toEqual([403, "9"]);
    expect(await ask("COINBASE", "/prices/BTC-USD/spot")).toEqual([200, null]);
  });

  it("counts calls: after so many, every nth, at most so often", async () => {
    const statuses = async (rule: Partial<FaultRuleInput>) => {
      upstream.setFaults([{ kind: "5xx", ...rule } as FaultRuleInput]);
      const seen: number[] = [];
      for (let n = 0; n < 6; n++) seen.push(await statusOf("HIRO", BALANCES));
      return seen.map((status) => (status === 503 ? "x" : ".")).join("");
    };
    expect(await statuses({ afterCalls: 4 })).toBe("....xx");
    expect(await statuses({ everyCalls: 3 })).toBe("..x..x");
    expect(await statuses({ times: 2 })).toBe("xx....");
    expect(await statuses({ afterCalls: 1, everyCalls: 2, times: 1 })).toBe("..x...");
    expect(upstream.listFaults()).toMatchObject([{ kind: "5xx", matched: 6, fired: 1 }]);
  });

  it("fires at its rate, and again for the same calls", async () => {
    const fired = async () => {
      upstream.setFaults([{ kind: "5xx", rate: 0.3 }]);
      const seen: number[] = [];
      for (let n = 0; n < 300; n++) seen.push(await statusOf("MEMPOOL", `/v1/prices?n=${n}`));
      return seen;
    };
    const first = await fired();
    const failures = first.filter((status) => status === 503).length;
    expect(failures).toBeGreaterThan(60);
    expect(failures).toBeLessThan(120);
    expect(await fired()).toEqual(first);
  });

  it("that comes first wins", async () => {
    upstream.setFaults([{ kind: "429", times: 1 }, { kind: "410" }]);
    expect([await statusOf("HIRO", BALANCES), await statusOf("HIRO", BALANCES)]).toEqual([429, 410]);
  });
});

it("closes at once while calls hang, drip and wait", async () => {
  const doomed = await startUpstream({
    faults: [
      { kind: "timeout", host: "hiro" },
      { kind: "slow-body", host: "mempool", overMs: 600_000 },
    ],
  });
  const hung = fetch(doomed.baseUrls.HIRO_API_URL + BALANCES);
  const dripping = await fetch(`${doomed.baseUrls.MEMPOOL_API_URL}/v1/prices`);
  doomed.setLatency({ minMs: 600_000, maxMs: 600_000 });
  const waiting = fetch(`${doomed.baseUrls.COINBASE_API_URL}/prices/BTC-USD/spot`);
  await waitUntil(() => doomed.stats().inFlight === 3);
  const ends = [hung, dripping.text(), waiting].map((call) => call.then(() => "answered").catch(() => "ended"));
  await doomed.close();
  expect(await Promise.all(ends)).toEqual(["ended", "ended", "ended"]);
});

async function ask(rule: FaultRuleInput): Promise<Response> {
  upstream.setFaults([rule]);
  return fetch(upstream.baseUrls.HIRO_API_URL + BALANCES);
}

async function statusOf(host: "HIRO" | "MEMPOOL", path: string): Promise<number> {
  const response = await fetch(upstream.baseUrls[`${host}_API_URL`] + path);
  await response.text();
  return response.status;
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
