import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { clearDatabase, crowd, facts, observe, publish, request, writeFreshness } from "./builders.ts";

const PUBLIC_URL = "https://standings.example";

beforeEach(async () => {
  await clearDatabase();
  await env.DB.batch(["tick_commits", "tokens"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

async function readStatus(cacheControl = "public, max-age=10", changed: object = { PUBLIC_URL }): Promise<string> {
  const response = await request("/status", {}, changed);
  expect(response.status).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe(cacheControl);
  const html = await response.text();
  expect(html).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=/);
  return html;
}

const tick = (epoch: number, at: number, failed: number, place: object | string | null) =>
  env.DB.prepare(
    `INSERT INTO tick_commits (epoch, tick_id, trigger, started_at, committed_at, agents, failed, subrequests, outcome, place)
     VALUES (?1, 't', 'alarm', ?2, ?2, 100, ?3, 200, 'committed', ?4)`,
  ).bind(epoch, at, failed, place === null ? null : JSON.stringify(place));

describe("the status page", () => {
  it("says that nothing is there yet", async () => {
    const html = await readStatus();
    expect(html).toContain("Starting: nothing has been published yet");
    expect(html).toContain("Nothing is known of the lanes yet");
    expect(html).toContain("Nothing is held back");
    expect(html).toContain("No price has been accepted yet");
    expect(html).toContain("No tick has committed yet");
  });

  it("shows the newest ranking, coverage, lanes, prices and ticks", async () => {
    const now = Date.now();
    await publish(crowd(19), { version: 812, publishedAt: now - 300_000, staleAfter: now + 60_000, pending: 1 });
    await writeFreshness();
    const lane = { isOpen: true, cursor: "SP1", startedAt: now };
    const place = {
      agents: 20,
      resets: 0,
      stacks: { ...lane, rotation: 7, processed: 19, total: 20 },
      bitcoin: { ...lane, rotation: 6, processed: 5, total: 20 },
    };
    await env.DB.batch([
      env.DB.prepare(
        "INSERT INTO tokens (token_id, symbol, name, decimals, ranked, price_usd, priced_at, price_source) VALUES ('stx', 'STX', 'Stacks', 6, 1, 0.85, ?, 'coingecko')",
      ).bind(now - 180_000),
      tick(39, now - 540_000, 0, { stacks: "unreadable" }),
      tick(40, now - 420_000, 0, null),
      tick(41, now - 300_000, 3, place),
    ]);
    const html = await readStatus();
    expect(html).toContain('<span class="badge good">Fresh</span>');
    expect(html).toMatch(/version 812.*5 min ago/s);
    expect(html).toMatch(/19 of 20.*95 % coverage/s);
    expect(html).toMatch(/Stacks <span class="muted">well<\/span>.*Rotation 7: 19 of 20 agents asked/s);
    expect(html).toMatch(/Bitcoin <span class="muted">well<\/span>.*Rotation 6: 5 of 20 agents asked/s);
    expect(html).toMatch(/STX <b class="num">\$0\.85<\/b>.*from coingecko.*3 min ago/s);
    expect(html).toMatch(
      /Tick 41.*100 agents, 3 with a lane that failed; then Stacks 19 of 20 in rotation 7, Bitcoin 5/s,
    );
    expect(html).toMatch(/Tick 40.*100 agents, 0 with a lane that failed<\/dd>.*Tick 39.*failed<\/dd>/s);
  });

  it("says what is degraded, since when, why, and which command helps", async () => {
    const now = Date.now();
    await publish(crowd(3), { publishedAt: now, staleAfter: now + 60_000 });
    const resting = {
      health: "resting" as const,
      since: now - 900_000,
      until: now + 60_000,
      why: "http-503",
      goodAt: now - 1_200_000,
    };
    const hold = {
      id: "roster-41",
      kind: "roster" as const,
      subject: "roster",
      detail: "200 <of> 430",
      since: now - 600_000,
    };
    await writeFreshness({ facts: facts({ lanes: { ...facts().lanes, bitcoin: resting }, holds: [hold] }) });
    const html = await readStatus();
    expect(html).toContain("Degraded: readable, and something is wrong");
    expect(html).toMatch(
      /the bitcoin lane has had no complete answer for 20 min \(http-503\).*lane-silent.*20 min ago/s,
    );
    expect(html).toContain("<code>npm run ops -- accept --id roster-41 --url https://standings.example</code>");
    expect(html).toMatch(/Bitcoin lane <span class="muted">not good<\/span>/);
    expect(html).toMatch(/resting since .*15 min ago.*: http-503, until/s);
    expect(html).toMatch(
      /roster: roster <span class="muted">roster-41<\/span>.*200 &lt;of&gt; 430, since .*10 min ago/s,
    );
  });

  it("is not stored when it names the address of a request, which another may not share", async () => {
    await readStatus("no-store", { PUBLIC_URL: "" });
    await publish(crowd(3), { publishedAt: Date.now(), staleAfter: Date.now() + 60_000 });
    await readStatus("public, max-age=10", { PUBLIC_URL: "" });
  });

  it("says why a ranking is stale", async () => {
    await publish(crowd(3), { publishedAt: Date.now() - 7_200_000, staleAfter: Date.now() - 1 });
    const html = await readStatus();
    expect(html).toContain("Stale: the data is older than it should be");
    expect(html).toMatch(/Newest ranking <span class="muted">not good<\/span>.*older than it should be/s);
  });

  it("asks D1 alone, and a few rows of it", async () => {
    await publish(crowd(50));
    const { DB, seen } = observe();
    const response = await request("/status", {}, { DB, REBUILDER: undefined as never });
    expect(response.status).toBe(200);
    expect(seen.rowsRead).toBeLessThan(20);
  });
});
