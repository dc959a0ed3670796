import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../src/env.ts";
import { explainRankOutput, getAgentOutput, getStandingsOutput } from "../src/mcp/schema.ts";
import {
  BTC,
  clearDatabase,
  crowd,
  expectProblem,
  list,
  observe,
  publish,
  request,
  STX,
  type StandingSeed,
} from "./builders.ts";

const HEADERS = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
const log = vi.spyOn(console, "error");

beforeEach(async () => {
  log.mockReset();
  log.mockImplementation(() => {});
  await clearDatabase();
});

function post(body: string, headers: Record<string, string> = {}, changed: Partial<Env> = {}): Promise<Response> {
  return request("/mcp", { method: "POST", body, headers: { ...HEADERS, ...headers } }, changed);
}

function send(method: string, params: object, changed: Partial<Env> = {}): Promise<Response> {
  return post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), {}, changed);
}

interface ToolResult {
  isError?: boolean;
  content: { type: string; text: string }[];
  structuredContent?: Record<string, unknown>;
}

async function readResult(response: Response): Promise<ToolResult> {
  expect(response.status).toBe(200);
  const data = (await response.text()).split("\n").find((line) => line.startsWith("data: "));
  const message = JSON.parse(data?.slice("data: ".length) ?? "null") as { result?: ToolResult };
  return message.result ?? expect.fail(`no result in ${data}`);
}

async function callTool(name: string, input: object, changed?: Partial<Env>): Promise<ToolResult> {
  return readResult(await send("tools/call", { name, arguments: input }, changed));
}

const token = (id: string, symbol: string, usd: number | null) => ({ id, symbol, raw: "2500000", decimals: 6, usd });

describe("get_standings", () => {
  it("answers like the JSON, with asOf in the place of cachedAt", async () => {
    await publish(crowd(30), { version: 7 });
    const { structuredContent, content } = await callTool("get_standings", { limit: 3, offset: 4 });
    const page = (await (await request("/api/dashboard?limit=3&offset=4")).json()) as Record<string, unknown>;
    const { cachedAt, ...rest } = page;
    expect(structuredContent).toEqual({ ...rest, asOf: cachedAt });
    expect(getStandingsOutput.parse(structuredContent)).toEqual(structuredContent);
    expect(JSON.parse(content[0]?.text ?? "")).toEqual(structuredContent);
  });

  it("lists 20 agents unless told otherwise, pins a version, and finds a place", async () => {
    await publish([...crowd(30), { stx: STX[0] }], { version: 7 });
    await publish(crowd(5), { version: 8 });
    expect((await callTool("get_standings", { version: 7 })).structuredContent?.agents).toHaveLength(20);
    const around = await callTool("get_standings", { version: 7, around: STX[0], limit: 2 });
    expect(around.structuredContent?.pagination).toMatchObject({ offset: 29, limit: 2 });
  });

  it("is an empty ranking as of no time before the first publication", async () => {
    const { structuredContent } = await callTool("get_standings", {});
    expect(structuredContent).toMatchObject({ agents: [], asOf: null, version: 0 });
  });

  it("says what is wrong and how to mend it, as a failed call", async () => {
    await publish(crowd(3), { version: 7 });
    const gone = await callTool("get_standings", { version: 6 });
    expect(gone.isError).toBe(true);
    expect(gone.content[0]?.text).toMatch(/no longer kept.*version 7.*version-gone/s);
    for (const input of [
      { limit: 101 },
      { limit: "5" },
      { offset: 1, around: STX[0] },
      { sort: "btc" },
      { around: "x" },
    ]) {
      const { isError, content } = await callTool("get_standings", input);
      expect([isError, content[0]?.text]).toEqual([true, expect.stringContaining("Invalid arguments")]);
    }
  });
});

describe("get_agent", () => {
  it("answers like the JSON, by either address, also for a pending agent", async () => {
    await publish([{ stx: STX[0], btc: BTC[0], total: 5 }], { version: 3 });
    await list(STX[0], BTC[0]);
    await list(STX[1], BTC[1], "Newcomer");
    for (const address of [STX[0], BTC[0], STX[1]]) {
      const { structuredContent } = await callTool("get_agent", { address });
      const { cachedAt, ...rest } = (await (await request(`/api/dashboard/${address}`)).json()) as { cachedAt: string };
      expect(structuredContent).toEqual({ ...rest, asOf: cachedAt });
      expect(getAgentOutput.parse(structuredContent)).toEqual(structuredContent);
    }
    const unknown = await callTool("get_agent", { address: STX[2] });
    expect([unknown.isError, unknown.content[0]?.text]).toEqual([true, expect.stringContaining("agent-not-found")]);
  });
});

describe("explain_rank", () => {
  const agents: StandingSeed[] = [
    { stx: STX[0], name: "First", total: 4_000_000 },
    {
      stx: STX[1],
      name: "Second",
      total: 2_500_000,
      tokens: [token("btc-l1", "BTC", 2_000_000), token("stx", "STX", 500_000), token(`${STX[0]}.leo`, "leo", null)],
      partial: true,
    },
    { stx: STX[2], name: "Third", total: 2_500_000 },
  ];

  it("names what counts, what does not, and the distance to the neighbours of the same ranking", async () => {
    await publish(agents, { version: 9 });
    const { structuredContent } = await callTool("explain_rank", { address: STX[1] });
    expect(explainRankOutput.parse(structuredContent)).toEqual(structuredContent);
    expect(structuredContent).toMatchObject({
      rank: 2,
      of: 3,
      version: 9,
      counted: [
        { symbol: "BTC", usdValue: 2, sharePercent: 80 },
        { symbol: "STX", usdValue: 0.5, sharePercent: 20 },
      ],
      notCounted: [{ symbol: "leo", contract: `${STX[0]}.leo`, reason: "unlisted" }],
      above: { rank: 1, displayName: "First", gapUsd: 1.5 },
      below: { rank: 3, displayName: "Third", gapUsd: 0 },
      summary:
        "Second is rank 2 of 3 with 2.5 US dollars, 1.5 less than rank 1. A source failed at the last attempt: these are the last good values.",
    });
  });

  it("explains both ends, a tie, and an agent that is not ranked yet", async () => {
    await publish(agents, { version: 9 });
    await list(STX[0]);
    await list("SPXVRSEH2BKSXAEJ00F1BY562P45D5ERPSKR4Q33", BTC[1], "Newcomer");
    const first = await callTool("explain_rank", { address: STX[0] });
    expect(first.structuredContent).toMatchObject({
      above: null,
      summary: expect.stringContaining("the largest total"),
    });
    const third = await callTool("explain_rank", { address: STX[2] });
    expect(third.structuredContent).toMatchObject({ below: null, summary: expect.stringContaining("sorts first") });
    const pending = await callTool("explain_rank", { address: BTC[1] });
    expect(explainRankOutput.parse(pending.structuredContent)).toEqual(pending.structuredContent);
    expect(pending.structuredContent).toMatchObject({ rank: null, of: 3, pending: true, above: null, below: null });
  });
});

describe("failures", () => {
  it.each([
    ["SECRET cause", "internal"],
    ["D1_ERROR: SECRET cause", "database-unavailable"],
  ])("tells that it failed and never why: %s", async (message, code) => {
    const { DB } = observe();
    DB.prepare = () => {
      throw new Error(message);
    };
    for (const [name, input] of [
      ["get_standings", {}],
      ["get_agent", { address: STX[0] }],
      ["explain_rank", { address: STX[0] }],
    ] as const) {
      const result = await callTool(name, input, { DB });
      expect(result.isError).toBe(true);
      expect(result.content[0]?.text).toContain(code);
      expect(JSON.stringify(result)).not.toContain("SECRET");
    }
    expect(log).toHaveBeenCalledTimes(3);
    expect(log).toHaveBeenCalledWith(expect.stringContaining("SECRET"));
  });
});

describe("the endpoint", () => {
  it("is never stored, and takes POST alone", async () => {
    const response = await send("tools/list", {});
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("Cloudflare-CDN-Cache-Control")).toBe("no-store");
    for (const method of ["GET", "DELETE", "PUT"]) {
      const refused = await request("/mcp", { method, headers: { Accept: "text/event-stream" } });
      expect(refused.headers.get("Allow")).toBe("POST, OPTIONS");
      await expectProblem(refused, 405, "method-not-allowed");
    }
  });

  it.each(["https://evil.example", "null", "https://standings.example.evil.example", "http://192.168.0.1", "x"])(
    "refuses scripts of the site %s",
    async (origin) => {
      const changed = { PUBLIC_URL: "https://standings.example" };
      const response = await post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', { Origin: origin }, changed);
      expect(response.status).toBe(403);
      expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
      expect(response.headers.get("Cache-Control")).toBe("no-store");
    },
  );

  it.each(["https://standings.example", "http://localhost:6274", "http://127.0.0.1:8787", "http://[::1]:80"])(
    "takes scripts of %s, and tells them so before",
    async (origin) => {
      const changed = { PUBLIC_URL: "https://standings.example" };
      const headers = { Origin: origin, "Access-Control-Request-Method": "POST" };
      const preflight = await request("/mcp", { method: "OPTIONS", headers }, changed);
      expect([preflight.status, preflight.headers.get("Access-Control-Allow-Origin")]).toEqual([204, origin]);
      expect(preflight.headers.get("Access-Control-Allow-Methods")).toBe("POST");
      const response = await post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}', { Origin: origin }, changed);
      expect([response.status, response.headers.get("Access-Control-Allow-Origin")]).toEqual([200, origin]);
    },
  );

  it("refuses what is too large, no JSON, a batch, or of another type", async () => {
    await expectProblem(await post(`"${"x".repeat(70_000)}"`), 413, "body-too-large");
    const bodies: [string, number][] = [
      ["{", -32_700],
      ["", -32_700],
      ['[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', -32_600],
    ];
    for (const [body, code] of bodies) {
      const response = await post(body);
      expect([response.status, await response.json()]).toMatchObject([400, { error: { code }, id: null }]);
    }
    expect((await post("{}", { "Content-Type": "text/plain" })).status).toBe(415);
    expect((await post("null")).status).toBe(400);
    expect(log).not.toHaveBeenCalled();
  });

  it("keeps no connection open for changes that cannot come", async () => {
    const body = {
      jsonrpc: "2.0",
      id: 1,
      method: "subscriptions/listen",
      params: {
        notifications: { toolsListChanged: true },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    };
    const headers = { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen" };
    const response = await post(JSON.stringify(body), headers);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("limit") } });
  });
});
