import { beforeEach, describe, expect, it } from "vitest";
import {
  BTC,
  clearDatabase,
  crowd,
  expectProblem,
  list,
  publish,
  request,
  STX,
  type StandingSeed,
} from "./builders.ts";

beforeEach(clearDatabase);

async function getPage(path: string): Promise<string> {
  const response = await request(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("text/html; charset=UTF-8");
  const html = await response.text();
  expect(html).toMatch(/^<!doctype html><html lang="en">/);
  expect(html).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=/);
  return html;
}

const token = (symbol: string, usd: number | null) => ({ id: "stx", symbol, raw: "2500000", decimals: 6, usd });

describe("the ranking", () => {
  it("is a table with a caption, scopes, ranks, names, shortened addresses, levels, tokens and totals", async () => {
    await publish(
      [{ stx: STX[0], name: "Marten", bns: "marten.btc", total: 2_125_000, tokens: [token("STX", 2_125_000)] }],
      {
        version: 812,
        pending: 3,
      },
    );
    const html = await getPage("/dashboard");
    expect(html).toContain("<caption>");
    expect(html.match(/<th scope="col"/g)).toHaveLength(5);
    expect(html).toContain('<th scope="row">');
    expect(html).toContain("<bdi>Marten</bdi>");
    expect(html).toContain("<bdi>marten.btc</bdi>");
    expect(html).toContain(`<code title="${STX[0]}">${STX[0].slice(0, 6)}…${STX[0].slice(-5)}</code>`);
    expect(html).toContain(`title="${BTC[0]}"`);
    expect(html).toContain("Genesis");
    expect(html).toMatch(/<bdi>STX<\/bdi>.*2\.5.*\$2\.13/);
    expect(html).toContain('<td class="total right"><span title="$2.125">$2.13</span></td>');
    expect(html).toContain('<time datetime="2026-11-22T14:02:10.000Z">2026-11-22 14:02:10 UTC</time>');
    expect(html).toContain("version 812");
    expect(html).toMatch(/BTC price<\/dt><dd>\$100,000\.00/);
    expect(html).toContain("0 partial, 3 pending");
  });

  it("escapes and isolates what agents and tokens call themselves", async () => {
    const evil = '<script>alert("1")</script>&\u202e';
    await publish([{ stx: STX[0], name: evil, bns: evil, tokens: [token(evil, 1)] }]);
    for (const path of ["/dashboard", `/dashboard/${STX[0]}`]) {
      const html = await getPage(path);
      expect(html.split("&lt;script&gt;").length).toBeGreaterThan(3);
      expect(html).toContain("<bdi>&lt;script&gt;");
    }
  });

  it("says in words what is partial, unpriced or unknown", async () => {
    await publish(
      [{ stx: STX[0], partial: true, tokens: [token("A", null), { ...token("B", null), decimals: null }] }],
      {
        prices: {},
      },
    );
    const html = await getPage("/dashboard");
    expect(html).toContain("Partial: last good values");
    expect(html).toContain("2 tokens not counted");
    expect(html).toContain("not counted: no-price");
    expect(html).toContain("2,500,000 base units".replace("2,500,000", "2.5M"));
    expect(html).toMatch(/BTC price<\/dt><dd>unknown/);
  });

  it("links to the pages beside it, pinned to the version, and not to itself", async () => {
    await publish(crowd(7), { version: 9 });
    const html = await getPage("/dashboard?limit=3&offset=3");
    const links = [...html.matchAll(/<a href="(\/dashboard\?[^"]*)" rel="(\w+)"/g)].map(([, href, rel]) => [rel, href]);
    expect(links).toEqual([
      ["first", "/dashboard?limit=3&amp;offset=0&amp;version=9"],
      ["prev", "/dashboard?limit=3&amp;offset=0&amp;version=9"],
      ["next", "/dashboard?limit=3&amp;offset=6&amp;version=9"],
      ["last", "/dashboard?limit=3&amp;offset=6&amp;version=9"],
    ]);
    expect(html).toContain("Ranks 4 to 6 of 7");
    expect(await getPage("/dashboard")).not.toMatch(/<a [^>]*rel="/);
  });

  it("answers every link of its own", async () => {
    await publish(
      [{ stx: STX[0] }, ...crowd(7).map((agent, index) => ({ ...agent, stx: index === 0 ? STX[1] : agent.stx }))],
      {
        staleAfter: Date.now() + 60_000,
      },
    );
    const html = await getPage("/dashboard?limit=2&offset=0");
    const hrefs = [...html.matchAll(/href="(\/[^"]*)"/g)].map(([, href]) => (href ?? "").replaceAll("&amp;", "&"));
    expect(hrefs).toEqual(expect.arrayContaining([`/dashboard/${STX[0]}`, "/docs", "/assets/icon.svg"]));
    for (const href of new Set(hrefs)) {
      const response = await request(href);
      expect([href, response.status]).toEqual([href, 200]);
      expect(response.headers.get("Cache-Control")).toContain("public");
    }
  });

  it("explains itself before the first publication, past the end and with nobody ranked", async () => {
    expect(await getPage("/dashboard")).toContain("No ranking has been published yet");
    await publish([], { version: 1 });
    expect(await getPage("/dashboard")).toContain("No agent is ranked in this version");
    await publish(crowd(2), { version: 2 });
    expect(await getPage("/dashboard?offset=10")).toContain("past the end: the ranking has 2 agents");
  });

  it("takes the parameters of the JSON, and no others", async () => {
    await publish(crowd(2), { version: 5 });
    await expectProblem(await request("/dashboard?limit=0"), 400, "invalid-request");
    await expectProblem(await request("/dashboard?docs=1"), 400, "invalid-request");
    await expectProblem(await request("/dashboard?version=4"), 410, "version-gone");
    await expectProblem(await request("/dashboard?version=6"), 404, "version-unknown");
  });

  it("has a validator of its own, and the snapshot policy", async () => {
    await publish(crowd(2), { version: 5 });
    const response = await request("/dashboard");
    expect(response.headers.get("Cache-Control")).toContain("max-age=30, s-maxage=60");
    const etag = response.headers.get("ETag") ?? "";
    expect(etag).not.toBe((await request("/api/dashboard")).headers.get("ETag"));
    expect((await request("/dashboard", { headers: { "If-None-Match": etag } })).status).toBe(304);
  });
});

describe("an agent's page", () => {
  it("shows all holdings and leads back to its place in the ranking", async () => {
    const contract = `${STX[1]}.leo`;
    const tokens = [token("STX", 2_125_000), { ...token("leo", null), id: contract }];
    const agent: StandingSeed = { stx: STX[0], name: "Marten", total: 2_125_000, tokens };
    await publish([agent, ...crowd(3)], { version: 5 });
    const html = await getPage(`/dashboard/${STX[0]}`);
    expect(html).toContain(contract);
    expect(html).toContain("No price known");
    expect(html).toContain("not counted");
    expect(html).toContain(`href="/dashboard?around=${STX[0]}&amp;version=5#rank-1"`);
    expect(await getPage(`/dashboard?around=${STX[0]}&version=5`)).toContain('id="rank-1"');
  });

  it("says that a pending agent is not ranked yet", async () => {
    await publish(crowd(1));
    await list(STX[1], BTC[1], "Newcomer");
    const html = await getPage(`/dashboard/${BTC[1]}`);
    expect(html).toContain("Not ranked yet");
    expect(html).toContain("Known so far");
  });

  it("has a validator", async () => {
    await publish([{ stx: STX[0] }]);
    const etag = (await request(`/dashboard/${STX[0]}`)).headers.get("ETag") ?? "";
    expect((await request(`/dashboard/${STX[0]}`, { headers: { "If-None-Match": etag } })).status).toBe(304);
  });
});
