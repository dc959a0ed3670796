import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { KEEP_VERSIONS_MS, KEPT_TICK_COMMITS } from "../src/index.ts";
import { ALICE, agent, applyRoster, bitcoin, PRICES, stacks, tick, wipe } from "./rig.ts";

beforeEach(async () => {
  await wipe();
  await applyRoster([agent(ALICE)]);
});

describe("a version that is pruned", () => {
  it("leaves none of its rows behind", async () => {
    const answered = [stacks(ALICE, { stx: 1n, sbtc: 0n }), bitcoin(ALICE, 0n)];
    await tick({ answered, prices: PRICES, publish: { version: 1, publishedAt: 0 } });
    await tick({ answered: [], publish: { version: 2, publishedAt: 1 } });
    await tick({ answered: [], publish: { version: 3, publishedAt: KEEP_VERSIONS_MS + 2 } });
    const { results } = await env.DB.prepare("SELECT DISTINCT version FROM standings ORDER BY version").all();
    expect(results).toEqual([{ version: 2 }, { version: 3 }]);
  });
});

describe("the log of ticks", () => {
  it("keeps a number of rows, the oldest going first", async () => {
    const epochs = Array.from({ length: KEPT_TICK_COMMITS }, (_, index) => index + 2);
    await env.DB.prepare(
      `INSERT INTO tick_commits (epoch, tick_id, trigger, started_at, committed_at, agents, failed, subrequests, outcome)
       SELECT value, 'old-' || value, 'alarm', 0, 0, 0, 0, 0, 'committed' FROM json_each(?)`,
    )
      .bind(JSON.stringify(epochs))
      .run();
    await tick({ answered: [] });
    const row = await env.DB.prepare("SELECT min(epoch) AS oldest, count(*) AS rows FROM tick_commits").first();
    expect(row).toEqual({ oldest: 3, rows: KEPT_TICK_COMMITS });
  });
});
