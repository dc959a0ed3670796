import { beforeEach, describe, expect, it } from "vitest";
import { dashboardSchema } from "../src/ranking/schema.ts";
import {
  BTC,
  clearDatabase,
  crowd,
  expectProblem,
  observe,
  prune,
  publish,
  readBody,
  request,
  STX,
  type StandingSeed,
} from "./builders.ts";

beforeEach(clearDatabase);

const AGENTS: StandingSeed[] = [
  { stx: STX[2], btc: BTC[0], name: "Tiny Marten", bns: "marten.btc", total: 9_000_000 },
  { stx: STX[0], btc: BTC[1], name: "🦦 Otter <b>", bns: null, total: 8_000_000 },
  { stx: STX[1], btc: BTC[2], name: null, bns: "tiny.btc", total: 7_000_000 },
];

async function search(text: string, more = "") {
  const response = await request(`/api/dashboard?q=${encodeURIComponent(text)}${more}`);
  expect(response.status).toBe(200);
  return readBody(response, dashboardSchema);
}

describe("a search", () => {
  it.each([
    ["tiny", [1, 3]],
    ["TINY btc", [1, 3]],
    ["marten.btc", [1]],
    ["Mart", [1]],
    ["arten", []],
    ["🦦", [2]],
    ["otter 🦦", [2]],
    ["<b>", [1, 2, 3]],
    [STX[0], [2]],
    [STX[0].toLowerCase().slice(0, 9), [2]],
    [BTC[0].toUpperCase(), [1]],
    ["SP", [1, 2, 3]],
    ["nobody", []],
  ])("for %j finds the ranks %j, in rank order", async (text, ranks) => {
    await publish(AGENTS);
    const { agents, pagination, stats } = await search(text);
    expect(agents.map((agent) => agent.rank)).toEqual(ranks);
    expect(pagination).toEqual({ total: ranks.length, limit: 50, offset: 0, hasMore: false });
    expect(stats.total).toBe(3);
  });

  it("shows the rows of the ranking as a page does", async () => {
    await publish(AGENTS);
    const page = await readBody(await request("/api/dashboard"), dashboardSchema);
    const { agents, pagination: _pagination, ...rest } = await search("otter");
    expect(agents).toEqual([page.agents[1]]);
    expect(page).toMatchObject(rest);
  });

  it("counts all matches, shows at most as many as asked for, and says that there are more", async () => {
    await publish(crowd(60).map((agent) => ({ ...agent, name: "Same Name" })));
    expect((await search("same")).agents).toHaveLength(50);
    expect((await search("same")).pagination).toEqual({ total: 60, limit: 50, offset: 0, hasMore: true });
    expect((await search("same", "&limit=2")).agents.map((agent) => agent.rank)).toEqual([1, 2]);
  });

  it("goes by the pinned version, and is gone with it", async () => {
    await publish(AGENTS, { version: 4 });
    await publish([{ stx: STX[0], name: "Badger" }], { version: 5 });
    expect((await search("otter", "&version=4")).agents).toHaveLength(1);
    expect((await search("otter")).agents).toHaveLength(0);
    expect((await search("badger")).version).toBe(5);
    const { DB } = observe(() => prune(4));
    await expectProblem(await request("/api/dashboard?q=otter&version=4", {}, { DB }), 410, "version-gone");
    await expectProblem(await request("/api/dashboard?q=otter&version=4"), 410, "version-gone");
  });

  it("is empty and never stored before the first publication", async () => {
    const response = await request("/api/dashboard?q=otter");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await readBody(response, dashboardSchema)).toMatchObject({ agents: [], version: 0 });
  });

  it("has one validator for every spelling of it, answers 304 to it, and has no neighbours", async () => {
    await publish(AGENTS, { version: 4 });
    const etags = await Promise.all(
      ["tiny btc", "BTC  tiny", "tiny.btc", "t tiny btc", "tiny"].map(async (text) =>
        (await request(`/api/dashboard?q=${encodeURIComponent(text)}`)).headers.get("ETag"),
      ),
    );
    expect(new Set(etags.slice(0, 4))).toEqual(new Set(['W/"4-json-50-0-q-btc%20tiny"']));
    expect(etags[4]).not.toBe(etags[0]);
    const headers = { "If-None-Match": etags[0] ?? "" };
    const { DB, seen } = observe();
    const response = await request("/api/dashboard?q=tiny%20btc", { headers }, { DB });
    expect([response.status, response.headers.get("Link")]).toEqual([304, null]);
    expect(seen.statements.filter((sql) => sql.includes("agent_words"))).toEqual([]);
  });

  it("reads the words in question and the rows shown, not the version", async () => {
    await publish(crowd(1_000).map((agent, index) => ({ ...agent, name: `Agent N${index}x` })));
    const { DB, seen } = observe();
    await request("/api/dashboard?q=n777x", {}, { DB });
    expect(seen.rowsRead).toBeLessThanOrEqual(12);
  });
});

describe("a bad search", () => {
  it.each([
    ["q=", "q"],
    ["q=%20", "q"],
    ["q=...", "q"],
    [`q=${"a".repeat(101)}`, "q"],
    [`q=${"b c d e f g h i j".replaceAll(" ", "+")}`, "q"],
    ["q=a&q=b", "q"],
    ["q=a&offset=0", "offset"],
    [`q=a&around=${STX[0]}`, "around"],
    ["q=a&limit=51", "limit"],
    ["q=a&limit=0", "limit"],
  ])("refuses %s and names the parameter", async (query, parameter) => {
    await publish(AGENTS);
    const problem = await expectProblem(await request(`/api/dashboard?${query}`), 400, "invalid-request");
    expect(problem.errors?.map((error) => error.parameter)).toContain(parameter);
  });
});

describe("the search box", () => {
  it("is a plain form that keeps what was typed, and shows the matches", async () => {
    await publish(AGENTS);
    const html = await (await request("/dashboard?q=otter+%22%3Cb%3E")).text();
    expect(html).toContain('<form class="search" action="/dashboard">');
    expect(html).toContain('value="otter &quot;&lt;b&gt;"');
    expect(html).toContain("1 agent for");
    expect(html).toContain('id="rank-2"');
    expect(html).not.toContain('id="rank-1"');
    expect(html).not.toContain("<b>\u{201d}");
    expect(html).not.toContain('aria-label="Pages of this ranking"');
  });

  it("says when nobody matches, and leads back", async () => {
    await publish(AGENTS);
    const html = await (await request("/dashboard?q=nobody")).text();
    expect(html).toContain("No agent matches");
    expect(html).toContain('<a href="/dashboard">Back to the whole ranking</a>');
  });
});
