import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { clearDatabase, crowd, list, observe, publish, request, STX } from "./builders.ts";

beforeEach(async () => {
  await clearDatabase();
  await env.DB.batch(["tick_commits", "tokens"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
});

async function readStatus(): Promise<string> {
  const response = await request("/status");
  expect(response.status).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe("public, max-age=10");
  const html = await response.text();
  expect(html).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=/);
  return html;
}

const tick = (epoch: number, at: number, failed = 0) =>
  env.DB.prepare("INSERT INTO tick_commits VALUES (?1, 't', 'alarm', ?2, ?2, 100, ?3, 200, 'committed')").bind(
    epoch,
    at,
    failed,
  );

describe("the status page", () => {
  it("says that nothing is there yet", async () => {
    const html = await readStatus();
    expect(html).toContain("Starting: nothing has been published yet");
    expect(html).toContain("No agent has been asked for yet");
    expect(html).toContain("No price has been accepted yet");
    expect(html).toContain("No tick has committed yet");
  });

  it("shows the newest ranking, coverage, rotation, prices and ticks", async () => {
    const now = Date.now();
    await publish(crowd(19), { version: 812, publishedAt: now - 300_000, staleAfter: now + 60_000, pending: 1 });
    for (const stx of STX) await list(stx);
    await env.DB.batch([
      env.DB.prepare("INSERT INTO fetches (agent_address, rotation) VALUES (?, 7)").bind(STX[0]),
      env.DB.prepare("INSERT INTO fetches (agent_address, rotation) VALUES (?, 6)").bind(STX[1]),
      env.DB.prepare(
        "INSERT INTO tokens (token_id, symbol, name, decimals, ranked, price_usd, priced_at, price_source) VALUES ('stx', 'STX', 'Stacks', 6, 1, 0.85, ?, 'coingecko')",
      ).bind(now - 180_000),
      tick(40, now - 420_000),
      tick(41, now - 300_000, 3),
    ]);
    const html = await readStatus();
    expect(html).toContain('<span class="badge good">Fresh</span>');
    expect(html).toMatch(/version 812.*5 min ago/s);
    expect(html).toMatch(/19 of 20.*95 % coverage/s);
    expect(html).toContain("Rotation 7: 1 of 3 agents asked for");
    expect(html).toMatch(/STX <b class="num">\$0\.85<\/b>.*from coingecko.*3 min ago/s);
    expect(html).toMatch(/Tick 41.*100 agents, 3 with a source that failed.*Tick 40/s);
  });

  it("says why a ranking is stale", async () => {
    await publish(crowd(3), { publishedAt: Date.now() - 7_200_000, staleAfter: Date.now() - 1 });
    const html = await readStatus();
    expect(html).toContain("Stale: the newest ranking is older than it should be");
    expect(html).toMatch(/Newest ranking <span class="muted">not good<\/span>.*stale from/s);
  });

  it("asks D1 alone, and a few rows of it", async () => {
    await publish(crowd(50));
    const { DB, seen } = observe();
    const response = await request("/status", {}, { DB, REBUILDER: undefined as never });
    expect(response.status).toBe(200);
    expect(seen.rowsRead).toBeLessThan(50);
  });
});
