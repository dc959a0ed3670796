import path from "node:path";
import { Client, StreamableHTTPClientTransport, type VersionNegotiationMode } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import { explainRankOutput, getAgentOutput, getStandingsOutput } from "../src/mcp/schema.ts";

const root = path.join(import.meta.dirname, "../../..");
const FIRST = "SP1VXAD00J0C0ZTCY0G34YPVC83DNRJWN5GH06VJB";
const PUBLISHED_AT = Date.parse("2026-11-22T14:02:10.000Z");

const server = createTestHarness({
  root,
  workers: [{ configPath: "wrangler.api.jsonc" }, { configPath: "wrangler.rebuilder.jsonc" }],
});
let endpoint: URL;

beforeAll(async () => {
  endpoint = new URL("/mcp", (await server.listen()).url);
  const worker = server.getWorker<{ DB: D1Database }>();
  await worker.applyD1Migrations("DB");
  const { DB } = await worker.getEnv();
  const tokens = JSON.stringify([{ id: "stx", symbol: "STX", raw: "2500000", decimals: 6, usd: 2_125_000 }]);
  const standings = Array.from({ length: 120 }, (_, index) =>
    DB.prepare("INSERT INTO standings VALUES (12, ?1, ?2, '', NULL, NULL, 2, 'Genesis', ?3, ?4, 0, ?5)").bind(
      index + 1,
      index === 0 ? FIRST : `SP${String(index).padStart(39, "0")}`,
      2_125_000,
      tokens,
      PUBLISHED_AT,
    ),
  );
  await DB.batch([
    ...standings,
    DB.prepare("INSERT INTO publications VALUES (12, 12, 1, ?1, ?1, '{\"stx\":0.85}', ?1, 120, 255000000, 0, 0)").bind(
      PUBLISHED_AT,
    ),
  ]);
});
afterAll(() => server.close());

const ERAS: { era: string; mode: VersionNegotiationMode; revision: string }[] = [
  { era: "of the revision 2026-07-28", mode: { pin: "2026-07-28" }, revision: "2026-07-28" },
  { era: "of the revision before it, which begins with initialize", mode: "legacy", revision: "2025-11-25" },
  { era: "that asks which revision to speak", mode: "auto", revision: "2026-07-28" },
];

describe.each(ERAS)("a client $era", ({ mode, revision }) => {
  async function use(run: (client: Client) => Promise<void>): Promise<void> {
    const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(endpoint));
    try {
      await run(client);
    } finally {
      await client.close();
    }
  }

  it("connects and learns what the server is", () =>
    use(async (client) => {
      expect(client.getNegotiatedProtocolVersion()).toBe(revision);
      expect(client.getServerVersion()).toMatchObject({ name: "standings", title: "Standings" });
      expect(client.getServerCapabilities()).toEqual({ tools: { listChanged: false } });
      expect(client.getInstructions()).toContain("asOf");
    }));

  it("lists three read-only tools with input and output schemas", () =>
    use(async (client) => {
      const { tools } = await client.listTools();
      expect(tools.map((tool) => tool.name)).toEqual(["get_standings", "get_agent", "explain_rank"]);
      for (const tool of tools) {
        expect(tool.annotations).toMatchObject({ readOnlyHint: true, idempotentHint: true });
        expect(tool.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
        expect(tool.outputSchema).toMatchObject({ type: "object" });
        expect(tool.outputSchema?.required).toEqual(expect.arrayContaining(["asOf", "version"]));
        expect(JSON.stringify(tool.outputSchema)).toContain("When this ranking was published");
      }
    }));

  it("calls each tool, and every result has asOf and version", () =>
    use(async (client) => {
      const calls = [
        { name: "get_standings", arguments: { limit: 2, offset: 118 }, output: getStandingsOutput },
        { name: "get_agent", arguments: { address: FIRST }, output: getAgentOutput },
        { name: "explain_rank", arguments: { address: FIRST }, output: explainRankOutput },
      ];
      for (const { output, ...call } of calls) {
        const { structuredContent, isError } = await client.callTool(call);
        expect(isError ?? false).toBe(false);
        expect(output.parse(structuredContent)).toEqual(structuredContent);
        expect(structuredContent).toMatchObject({ asOf: "2026-11-22T14:02:10.000Z", version: 12 });
      }
    }));

  it("pages through a pinned ranking", () =>
    use(async (client) => {
      const ranks: number[] = [];
      for (let offset = 0; offset < 120; offset += 50) {
        const { structuredContent } = await client.callTool({
          name: "get_standings",
          arguments: { limit: 50, offset, version: 12 },
        });
        ranks.push(...getStandingsOutput.parse(structuredContent).agents.map((agent) => agent.rank));
      }
      expect(ranks).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    }));

  it("reads what went wrong as the result of the call", () =>
    use(async (client) => {
      const result = await client.callTool({ name: "get_agent", arguments: { address: "nobody" } });
      expect(result.isError).toBe(true);
      await expect(client.callTool({ name: "get_history", arguments: {} })).rejects.toThrow("get_history");
    }));
});
