import { describe, expect, it } from "vitest";
import { ADDRESS, createRig, json, type RigOptions, rateLimited, stats } from "../../test/rig.ts";
import { createConnections, MAX_CONNECTIONS } from "./connections.ts";
import type { HostName } from "./hosts.ts";
import { describeFailure, joinUrl, MAX_BODY_BYTES, parseJson } from "./http.ts";
import { fetchBitcoinBalance } from "./mempool.ts";

describe("every call", () => {
  it("adds its path to the base URL's own, and asks for JSON without following redirects", async () => {
    const { bitcoin, requests } = rig(ok);
    await bitcoin();
    expect(requests[0]?.url).toBe(`https://mempool.example/some/api/address/${ADDRESS}`);
    expect(requests[0]?.init).toMatchObject({ redirect: "manual", headers: { accept: "application/json" } });
  });

  it("carries a host's key to that host alone", async () => {
    const { get, requests } = rig(ok, { headers: { hiro: { "x-api-key": "secret" } } });
    await get("hiro");
    await get("mempool");
    expect(requests.map(({ init }) => init?.headers)).toEqual([
      { accept: "application/json", "x-api-key": "secret" },
      { accept: "application/json" },
    ]);
  });

  it("fails on what is no JSON answer, and tells the gate why", async () => {
    const answers: [Response, string][] = [
      [new Response("<html>", { headers: { "content-type": "text/html" } }), "content-type"],
      [json('{"stx":{"balance":"1'), "invalid-json"],
      [json(""), "invalid-json"],
      [new Response(null, { status: 302, headers: { location: "https://elsewhere.example" } }), "redirect 302"],
      [new Response("", { status: 503 }), "http-error 503"],
      [Response.json([]), "invalid-shape"],
    ];
    for (const [response, failure] of answers) {
      const { bitcoin, gates } = rig(() => response);
      const attempt = await bitcoin();
      expect(attempt.kind === "failed" && describeFailure(attempt)).toBe(failure);
      const { states, counts } = gates.end();
      expect(counts.mempool).toMatchObject({ ok: 0, failed: 1, rateLimited: 0 });
      expect(states.mempool.lastError?.what).toBe(failure);
    }
  });

  it.each([200, 500])("reads no more of an endless body with %d than its limit", async (status) => {
    let sent = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 65_536;
            controller.enqueue(new Uint8Array(65_536).fill(32));
          },
        }),
        { status, headers: { "content-type": "application/json" } },
      );
    expect((await rig(endless).bitcoin()).kind).toBe("failed");
    expect(sent).toBeLessThan(MAX_BODY_BYTES + 4 * 65_536);
  });

  it("times out while the body is still coming", async () => {
    const { bitcoin, gates } = rig(stuck, { timeoutMs: 20 });
    expect(await bitcoin()).toEqual({ kind: "failed", reason: "timeout" });
    expect(gates.end().counts.mempool).toMatchObject({ failed: 1 });
  });

  it("is postponed when the deadline of the tick ends it, and blames nobody", async () => {
    const deadline = new AbortController();
    const { bitcoin, gates } = rig(
      () => {
        setTimeout(() => deadline.abort(), 10);
        return stuck();
      },
      { deadline: deadline.signal },
    );
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "deadline" });
    expect(gates.end().counts.mempool).toMatchObject({ failed: 0 });
  });

  it("is not begun once the tick's deadline has passed", async () => {
    const { bitcoin, paths } = rig(ok, { deadline: AbortSignal.abort() });
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "deadline" });
    expect(paths).toEqual([]);
  });

  it("is not made past the tick's budget, and leaves the month's alone then", async () => {
    const { bitcoin, paths, gates, budget } = rig(ok, { budget: 2 });
    await bitcoin();
    await bitcoin();
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "budget" });
    expect(paths.length).toBe(2);
    expect(budget.used).toBe(2);
    expect(gates.end().states.mempool.use).toMatchObject({ calls: 2 });
  });

  it("is not made through a closed gate, and costs nothing of the tick's budget then", async () => {
    const { bitcoin, get, paths, budget } = rig((path) => (path.startsWith("/address") ? rateLimited(60) : ok()));
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "rate-limited" });
    expect(await bitcoin()).toEqual({ kind: "postponed", reason: "gate-closed" });
    expect(paths.length).toBe(1);
    expect(budget.used).toBe(1);
    expect((await get("hiro")).kind).toBe("fetched");
  });

  it("says a network fault in one word, without what was thrown", async () => {
    const { bitcoin } = rig(() => {
      throw new TypeError("connect ECONNREFUSED 10.0.0.1:443");
    });
    expect(await bitcoin()).toEqual({ kind: "failed", reason: "network" });
  });

  it("gives its connection back however it ends", async () => {
    const connections = createConnections();
    const answers = [ok, () => new Response("", { status: 500 }), () => rateLimited(1), () => json("{")];
    for (let call = 0; call < 4 * MAX_CONNECTIONS; call++) {
      await rig(answers[call % answers.length] ?? ok, { connections }).bitcoin();
    }
    await rig(ok, { connections, budget: 0 }).bitcoin();
    await rig(ok, { connections, deadline: AbortSignal.abort() }).bitcoin();
    await rig(stuck, { connections, timeoutMs: 5 }).bitcoin();
    const free = await Promise.all(Array.from({ length: MAX_CONNECTIONS }, () => connections.take()));
    expect(free.length).toBe(MAX_CONNECTIONS);
  });
});

describe("parseJson", () => {
  it("hands integers past 2^53 over as digits, and leaves the rest", () => {
    expect(parseJson('{"a":9007199254740993,"b":1.5,"c":"x","d":[12],"e":-9007199254740993,"f":1e300}')).toEqual({
      a: "9007199254740993",
      b: 1.5,
      c: "x",
      d: [12],
      e: "-9007199254740993",
      f: 1e300,
    });
  });
});

describe("joinUrl", () => {
  it.each([
    ["https://host.example", "https://host.example/x?y"],
    ["https://host.example/", "https://host.example/x?y"],
    ["https://host.example/api//", "https://host.example/api/x?y"],
  ])("adds a path to %s", (baseUrl, url) => expect(joinUrl(baseUrl, "/x?y")).toBe(url));
});

function rig(answer: (path: string) => Response, options: RigOptions = {}) {
  const base = createRig(answer, options);
  const get = (host: HostName) => base.http.getJson({ host, path: "/x", parse: (value) => ({ ok: true, value }) });
  return { ...base, get, bitcoin: () => fetchBitcoinBalance(base.http, ADDRESS) };
}

function ok(): Response {
  return Response.json(stats(1, 0));
}

function stuck(): Response {
  return new Response(new ReadableStream({}), { headers: { "content-type": "application/json" } });
}
