import { startUpstream, type Upstream, type UpstreamStats } from "@standings/upstream-sim/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

const ANYONE = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
const BITCOIN = "bc1qkljqd65ax6mdpyzm9c2r8scg8euymkfqauukae";

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
beforeEach(() => {
  upstream.setFaults([]);
  upstream.setLatency({ minMs: 0, maxMs: 0 });
  upstream.unpinHoldings();
  upstream.unpinPrices();
  upstream.resetStats();
});
afterAll(() => upstream.close());

describe("the control endpoints", () => {
  it("set, show and remove faults", async () => {
    const put = await control("PUT", "/faults", [{ kind: "429", host: "hiro", rate: 0.5 }]);
    expect(put).toMatchObject({ status: 200, body: { rules: [{ kind: "429", host: "hiro", rate: 0.5, fired: 0 }] } });
    expect((await control("GET", "/faults")).body).toEqual(put.body);
    expect((await control("DELETE", "/faults")).body).toEqual({ rules: [] });
    expect(upstream.listFaults()).toEqual([]);
  });

  it.each([
    ["/faults", [{ kind: "oops" }], "faults.0.kind"],
    ["/faults", [{ kind: "429", rate: 2 }], "faults.0.rate"],
    ["/faults", [{ kind: "429", host: "nobody" }], "faults.0.host"],
    ["/faults", [{ kind: "429", pathRegex: "(" }], "faults.0.pathRegex"],
    ["/faults", [{ kind: "429", everyCall: 2 }], "everyCall"],
    ["/faults", {}, "faults"],
    ["/latency", { minMs: 5, maxMs: 1 }, "minMs must not be above maxMs"],
    ["/latency", { minMs: "5" }, "latency.minMs"],
    [`/holdings/${ANYONE}`, { stx: 5 }, "holdings.stx"],
    [`/holdings/${ANYONE}`, { sats: "5" }, "sats"],
    [`/holdings/${BITCOIN}`, { sats: "-5" }, "holdings.sats"],
    ["/holdings/nobody", { stx: "5" }, "neither a Stacks nor a Bitcoin address"],
    ["/prices", { BTC: "1" }, "prices.BTC"],
    ["/prices", { DOGE: 1 }, "DOGE"],
    ["/prices", { sources: { binance: { BTC: 1 } } }, "binance"],
    [`/holdings/${ANYONE}`, { hostile: ["friendly"] }, "holdings.hostile.0"],
    ["/faults", [{ kind: "forgets", what: [] }], "faults.0.what"],
    ["/faults", [{ kind: "other-holdings", holdings: { [ANYONE]: { stx: "-1" } } }], "faults.0.holdings"],
  ])("reject bad input at %s %j, say why and change nothing", async (path, body, reason) => {
    upstream.setFaults([{ kind: "410" }]);
    const before = [upstream.listFaults(), upstream.latency()];
    const { status, body: answer } = await control("PUT", path, body);
    expect(status).toBe(400);
    expect(answer.error).toContain(reason);
    expect([upstream.listFaults(), upstream.latency()]).toEqual(before);
  });

  it("reject a body that is not JSON, and name what there is at an unknown path", async () => {
    const response = await fetch(`${upstream.controlUrl}/faults`, { method: "PUT", body: "{" });
    expect([response.status, await response.json()]).toEqual([400, { error: "the body is not JSON" }]);
    const unknown = await control("GET", "/nothing");
    expect([unknown.status, unknown.body.endpoints]).toEqual([404, expect.arrayContaining([expect.any(String)])]);
  });

  it("pin holdings and prices, and let them go again", async () => {
    await control("PUT", `/holdings/${ANYONE}`, {
      stx: "7",
      tokens: { [`${ANYONE}.a::b`]: "340282366920938463463374607431768211455" },
    });
    await control("PUT", "/prices", { BTC: 1 });
    expect(await readStx()).toBe("7");
    expect((await call("MEMPOOL", "/v1/prices").then((r) => r.json())) as object).toMatchObject({ USD: 1 });
    await control("DELETE", `/holdings/${ANYONE}`);
    await control("DELETE", "/prices");
    expect(await readStx()).not.toBe("7");
    expect((await call("MEMPOOL", "/v1/prices").then((r) => r.json())) as object).not.toMatchObject({ USD: 1 });
  });

  it("advance time by steps", async () => {
    const before = upstream.step();
    expect((await control("POST", "/advance", { steps: 1_000 })).body).toEqual({ step: upstream.step() });
    expect(upstream.step()).toBeGreaterThanOrEqual(before + 1_000);
  });
});

describe("the counters", () => {
  it("count calls and answers per host and in all", async () => {
    await call("HIRO", `/extended/v1/address/${ANYONE}/balances`);
    await call("HIRO", "/nowhere");
    await call("MEMPOOL", "/v1/prices");
    const { body } = await control("GET", "/stats");
    expect(body).toMatchObject({
      calls: 3,
      inFlight: 0,
      maxInFlight: 1,
      hosts: {
        hiro: { calls: 2, statuses: { 200: 1, 404: 1 }, maxInFlight: 1 },
        mempool: { calls: 1, statuses: { 200: 1 } },
        alex: { calls: 0, maxInFlight: 0 },
      },
    });
  });

  it("know the greatest number under way, over all hosts and for each", async () => {
    upstream.setLatency({ minMs: 60, maxMs: 60 });
    await Promise.all([
      ...Array.from({ length: 3 }, () => call("HIRO", `/extended/v1/address/${ANYONE}/balances`)),
      ...Array.from({ length: 2 }, () => call("MEMPOOL", "/v1/prices")),
    ]);
    for (let n = 0; n < 3; n++) await call("HIRO", "/");
    const { maxInFlight, hosts } = upstream.stats();
    expect([maxInFlight, hosts.hiro.maxInFlight, hosts.mempool.maxInFlight]).toEqual([5, 3, 2]);
  });

  it("start anew when reset, and answer with the window that ended", async () => {
    await call("HIRO", "/");
    const { body } = await control("POST", "/stats/reset");
    expect((body as unknown as UpstreamStats).calls).toBe(1);
    expect(upstream.stats()).toMatchObject({ calls: 0, maxInFlight: 0 });
  });

  it("count faults by kind", async () => {
    upstream.setFaults([{ kind: "410" }]);
    await call("HIRO", "/");
    expect(upstream.stats().hosts.hiro.faults).toEqual({ 410: 1 });
  });
});

describe("the log of calls", () => {
  it("holds host, path, status and the names of headers, never the value of a key", async () => {
    const seq = upstream.listCalls().at(-1)?.seq ?? 0;
    await fetch(`${upstream.baseUrls.HIRO_API_URL}/x?limit=5&api_key=s3cret`, { headers: { "X-API-Key": "s3cret" } });
    const { body } = await control("GET", `/calls?after=${seq}`);
    expect(body.calls).toEqual([
      expect.objectContaining({
        host: "hiro",
        method: "GET",
        path: "/x",
        query: "limit=5&api_key=redacted",
        status: 404,
        headerNames: expect.arrayContaining(["x-api-key"]),
      }),
    ]);
    expect(JSON.stringify(body)).not.toContain("s3cret");
  });

  it("rejects a bad sequence number", async () => {
    expect((await control("GET", "/calls?after=x")).status).toBe(400);
  });
});

it("refuses a port that is in use", async () => {
  await expect(startUpstream({ port: upstream.port })).rejects.toThrow(`port ${upstream.port} is in use`);
});

async function control(method: string, path: string, body?: unknown) {
  const response = await fetch(upstream.controlUrl + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function call(host: "HIRO" | "MEMPOOL", path: string): Promise<Response> {
  const response = await fetch(upstream.baseUrls[`${host}_API_URL`] + path);
  return new Response(await response.text(), { status: response.status });
}

async function readStx(): Promise<string> {
  const response = await call("HIRO", `/extended/v3/principals/${ANYONE}/balances/stx`);
  return ((await response.json()) as { balance: string }).balance;
}
