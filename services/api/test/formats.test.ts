import { beforeEach, describe, expect, it, vi } from "vitest";
import { CSV_COLUMNS } from "../src/ranking/csv.ts";
import {
  BTC,
  clearDatabase,
  crowd,
  expectProblem,
  list,
  observe,
  prune,
  publish,
  request,
  STX,
  type StandingSeed,
} from "./builders.ts";

const SNAPSHOT = "public, max-age=30, s-maxage=60, stale-while-revalidate=300";

beforeEach(clearDatabase);

const accept = (value: string) => ({ headers: { Accept: value } });

describe("the format", () => {
  it.each([
    [undefined, "application/json"],
    ["", "application/json"],
    ["*/*", "application/json"],
    ["application/json, text/plain, */*", "application/json"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"],
    ["text/csv", "text/csv"],
    ["TEXT/CSV", "text/csv"],
    ["text/csv; header=present", "text/csv"],
    ["text/markdown, text/html;q=0.9, */*;q=0.1", "text/markdown"],
    ["text/markdown;q=0.5, text/csv;q=0.6", "text/csv"],
    ["text/csv;q=0.5, */*", "application/json"],
    ["text/csv;q=0, */*", "application/json"],
    ["text/*", "text/markdown"],
    ["text/*, text/markdown;q=0", "text/csv"],
    ["text/csv;q=0", "application/json"],
    ["image/png", "application/json"],
    [";;;,,q=", "application/json"],
  ])("for Accept: %s is %s, never 406", async (value, type) => {
    await publish([{ stx: STX[0] }]);
    const response = await request("/api/dashboard", value === undefined ? {} : accept(value));
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")?.split(";")[0]).toBe(type);
    expect(response.headers.get("Vary")).toContain("Accept");
  });

  it("is part of the validator, and a client is told 304 in its own alone", async () => {
    await publish(crowd(3), { version: 4 });
    const types = ["application/json", "text/csv", "text/markdown"];
    const etags = await Promise.all(
      types.map(async (type) => (await request("/api/dashboard", accept(type))).headers.get("ETag") ?? ""),
    );
    expect(new Set(etags).size).toBe(3);
    for (const [index, type] of types.entries()) {
      for (const etag of etags) {
        const response = await request("/api/dashboard", { headers: { Accept: type, "If-None-Match": etag } });
        expect(response.status).toBe(etag === etags[index] ? 304 : 200);
        expect(response.headers.get("Vary")).toContain("Accept");
        expect(response.headers.get("Cache-Control")).toBe(SNAPSHOT);
        await response.text();
      }
    }
  });

  it("of a path with an ending does not depend on Accept", async () => {
    await publish(crowd(3));
    for (const path of ["/api/dashboard.csv", "/api/dashboard.md"]) {
      const [plain, other] = await Promise.all([request(path), request(path, accept("application/json"))]);
      expect(await other.text()).toBe(await plain.text());
      expect(other.headers.get("Vary")).toBeNull();
    }
  });
});

describe("CSV", () => {
  const HOSTILE: StandingSeed[] = [
    "=HYPERLINK(\"http://x\",'y')",
    "+1-900",
    "-2+3",
    "@SUM(1,2)",
    "\tTab",
    "\rReturn",
    "＝1+1",
    'with "quotes", and commas',
    "two\nlines",
    "'quoted",
    "ordinary",
  ].map((name, index) => ({ stx: `SP${String(index).padStart(39, "0")}`, name, total: 100 - index }));

  it("is the whole pinned ranking, in rank order, a row each under a header", async () => {
    const tokens = [
      { id: "btc-l1", symbol: "BTC", raw: "123456789", decimals: 8, usd: 121_140_500_001 },
      { id: "stx", symbol: "STX", raw: "2500000", decimals: 6, usd: null },
      { id: `${STX[1]}.btc`, symbol: "BTC", raw: "7", decimals: 0, usd: null },
    ];
    await publish([{ stx: STX[0], name: "Märten", bns: "marten.btc", total: 121_140_500_001, tokens, partial: true }], {
      version: 3,
    });
    await publish(crowd(2), { version: 4 });
    const response = await request("/api/dashboard.csv?version=3");
    expect(response.headers.get("Content-Type")).toBe("text/csv; charset=utf-8; header=present");
    expect(response.headers.get("Content-Disposition")).toBe('attachment; filename="standings-3.csv"');
    expect(response.headers.get("X-Total-Count")).toBe("1");
    expect(response.headers.get("Cache-Control")).toBe(SNAPSHOT);
    expect(await response.text()).toBe(
      [
        CSV_COLUMNS.join(","),
        `1,${STX[0]},${BTC[0]},Märten,marten.btc,2,Genesis,121140.500001,1.23456789,121140.500001,2.5,,0,0,1,partial,2026-11-22T14:01:10.000Z,STX no-price`,
        "",
      ].join("\r\n"),
    );
  });

  it("leaves no cell that a spreadsheet takes for a formula, and quotes what must be quoted", async () => {
    await publish(HOSTILE);
    const rows = parseCsv(await (await request("/api/dashboard.csv")).text());
    const names = rows.slice(1).map((row) => row[3] ?? "");
    expect(names).toEqual(HOSTILE.map(({ name }, index) => (index < 7 ? `'${name}` : name)));
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
    for (const row of rows) expect(row).toHaveLength(CSV_COLUMNS.length);
  });

  it("is a header alone, and never stored, before the first publication", async () => {
    const response = await request("/api/dashboard.csv");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.text()).toBe(`${CSV_COLUMNS.join(",")}\r\n`);
  });

  it("reads a large ranking page by page, and has every agent of its version exactly once", async () => {
    const agents = crowd(1_234);
    await publish(agents, { version: 4 });
    const { DB, seen } = observe();
    const response = await request("/api/dashboard.csv", {}, { DB });
    await publish(crowd(5), { version: 5 });
    const rows = parseCsv(await response.text()).slice(1);
    expect(rows.map((row) => row[1])).toEqual(agents.map(({ stx }) => stx));
    expect(seen.statements.filter((sql) => sql.includes("standings"))).toHaveLength(3);
  });

  it("answers 410 when the version is pruned before the answer starts", async () => {
    await publish(crowd(3), { version: 4 });
    await publish(crowd(3), { version: 5 });
    const { DB } = observe(() => prune(4));
    await expectProblem(await request("/api/dashboard.csv?version=4", {}, { DB }), 410, "version-gone");
    await expectProblem(await request("/api/dashboard.csv?version=4"), 410, "version-gone");
    await expectProblem(await request("/api/dashboard.csv?version=9"), 404, "version-unknown");
  });

  it("fails visibly when the version is pruned on the way, and logs why", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    await publish(crowd(1_234), { version: 4 });
    await publish(crowd(3), { version: 5 });
    let batches = 0;
    const { DB } = observe(async () => {
      if (++batches === 2) await prune(4);
    });
    const response = await request("/api/dashboard.csv?version=4", {}, { DB });
    expect(response.status).toBe(200);
    await expect((async () => response.text())()).rejects.toThrow();
    expect(log.mock.calls.join()).toContain('"event":"csv.cut"');
  });

  it("is of the whole ranking: a part is refused, whoever asks for one", async () => {
    await publish(crowd(3));
    for (const query of ["limit=2", "offset=1", `around=${STX[0]}`, "q=a"]) {
      const name = query.split("=")[0];
      const negotiated = await request(`/api/dashboard?${query}`, accept("text/csv"));
      expect((await expectProblem(negotiated, 400, "invalid-request")).errors?.[0]?.parameter).toBe(name);
      const direct = await request(`/api/dashboard.csv?${query}`);
      expect((await expectProblem(direct, 400, "invalid-request")).errors?.[0]?.parameter).toBe(name);
    }
    expect((await request("/api/dashboard?version=1", accept("text/csv"))).status).toBe(200);
  });
});

describe("Markdown", () => {
  it("is the same page as the JSON, with prices, time and the way on", async () => {
    await publish(crowd(7), { version: 812 });
    const response = await request("/api/dashboard.md?limit=3&offset=3");
    expect(response.headers.get("Content-Type")).toBe("text/markdown; charset=utf-8");
    expect(response.headers.get("Link")).toContain('</api/dashboard.md?limit=3&offset=6&version=812>; rel="next"');
    const text = await response.text();
    expect(text).toContain("# Standings, version 812");
    expect(text).toContain("as of 2026-11-22T14:02:10.000Z");
    expect(text).toContain("BTC 100000, STX 0.85, sBTC 100000");
    expect(text).toContain("Ranks 4 to 6 of 7.");
    expect(text).toContain("- Next page: /api/dashboard.md?limit=3&offset=6&version=812");
    expect(text).toContain("/api/dashboard?limit=3&offset=3&version=812");
    expect(text.match(/^\| \d/gm)).toHaveLength(3);
  });

  it("leads to no next page at the end, in a search and before the first publication", async () => {
    expect(await (await request("/api/dashboard.md")).text()).toContain("No ranking has been published yet");
    await publish(crowd(3).map((agent) => ({ ...agent, name: "Marten" })));
    expect(await (await request("/api/dashboard.md?limit=3")).text()).not.toContain("Next page");
    const search = await (await request("/api/dashboard.md?q=marten&limit=2")).text();
    expect(search).not.toContain("Next page");
    expect(search).toContain("The first 2 matches; narrow the search to see others.");
    expect(search).toContain("/api/dashboard?q=marten&limit=2&version=1");
  });

  it("follows itself with Accept: text/markdown, and links built on PUBLIC_URL", async () => {
    await publish(crowd(3));
    const changed = { PUBLIC_URL: "https://standings.example" };
    const response = await request("/api/dashboard?limit=1", accept("text/markdown"), changed);
    expect(response.headers.get("Link")).toContain(
      "<https://standings.example/api/dashboard?limit=1&offset=1&version=1>",
    );
    expect(await response.text()).toContain("https://standings.example/api/dashboard.md?limit=1&offset=1&version=1");
  });

  it("lets no name out of its cell", async () => {
    const name = "a|b [x](http://y) <script>`*_\\";
    await publish([{ stx: STX[0], name }]);
    const row = (await (await request("/api/dashboard.md")).text()).split("\n").find((line) => line.startsWith("| 1"));
    expect(row).toContain("a\\|b \\[x\\](http://y) \\<script\\>\\`\\*\\_\\\\");
    expect(row?.replaceAll(/\\./g, "").split("|")).toHaveLength(11);
  });

  it.each<[string, string, { headers?: Record<string, string> }]>([
    ["by its path", `/api/dashboard/${STX[0]}.md`, {}],
    ["by Accept", `/api/dashboard/${STX[0]}`, accept("text/markdown")],
    ["by its Bitcoin address", `/api/dashboard/${BTC[1]}.md`, {}],
  ])("shows one agent %s", async (_how, path, init) => {
    await publish([{ stx: STX[0], btc: BTC[1], name: "Marten", tokens: [] }]);
    await list(STX[0], BTC[1], "Marten");
    const response = await request(path, init);
    expect(response.headers.get("Content-Type")).toBe("text/markdown; charset=utf-8");
    expect(response.headers.get("Cache-Control")).toBe(SNAPSHOT);
    const text = await response.text();
    expect(text).toContain("# Marten");
    expect(text).toContain("Rank 1 in version 1.");
    const again = await request(path, {
      headers: { ...init.headers, "If-None-Match": response.headers.get("ETag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  it("shows a pending agent as that, and answers what is wrong like the JSON", async () => {
    await publish([{ stx: STX[1] }]);
    await list(STX[0], BTC[1]);
    expect(await (await request(`/api/dashboard/${STX[0]}.md`)).text()).toContain("Pending: not ranked");
    await expectProblem(await request("/api/dashboard/nobody.md"), 400, "invalid-request");
    await expectProblem(await request(`/api/dashboard/${STX[2]}.md`), 404, "agent-not-found");
    await expectProblem(await request(`/api/dashboard/${STX[0]}.md?x=1`), 400, "invalid-request");
    expect((await request(`/api/dashboard/${STX[0]}.md`, { method: "POST" })).status).toBe(405);
  });
});

/** RFC 4180, as a client would read it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? (bare ?? "") : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
