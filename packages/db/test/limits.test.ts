import { env } from "cloudflare:workers";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { createDb, MAX_BATCH_STATEMENTS, MAX_BOUND_PARAMETERS } from "../src/index.ts";

const db = createDb(env.DB);

it("refuses a batch or a statement over D1's limits before D1 sees it", async () => {
  const one = sql`SELECT 1`.compile(db);
  await expect(db.batch(Array(MAX_BATCH_STATEMENTS + 1).fill(one))).rejects.toThrow(/over the limit/);
  const wide = sql`SELECT ${sql.join(Array(MAX_BOUND_PARAMETERS + 1).fill(1))}`.compile(db);
  await expect(db.batch([wide])).rejects.toThrow(/over D1's/);
});

it.each([
  ["a page of a ranking", "SELECT * FROM standings WHERE version = 1 AND rank > 100 AND rank <= 200 ORDER BY rank"],
  ["an agent in a ranking", "SELECT * FROM standings WHERE stx_address = 'x' AND version = 1"],
  ["the newest ranking", "SELECT * FROM publications ORDER BY version DESC LIMIT 1"],
  ["an agent by Bitcoin address", "SELECT * FROM agents WHERE btc_address = 'x'"],
])("finds %s by a key, without a scan or a sort", async (_name, query) => {
  const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`).all<{ detail: string }>();
  const details = plan.results.map((row) => row.detail).join("; ");
  expect(details).not.toMatch(/TEMP B-TREE/);
  if (!query.includes("LIMIT 1")) expect(details).toMatch(/^SEARCH/);
});
