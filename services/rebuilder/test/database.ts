import { env } from "cloudflare:workers";
import { createDb, findStandingsPage, type Lane, type Standing } from "@standings/db";

export const db = createDb(env.DB);

/** What the migrations leave: no rows, but for the counted tokens without a price. */
export async function wipeDatabase(): Promise<void> {
  const tables = ["standings", "publications", "balances", "fetches", "tick_commits", "agents", "agent_words"];
  await env.DB.batch([
    ...[...tables, "freshness", "operator_actions"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
    env.DB.prepare("DELETE FROM tokens WHERE ranked = 0"),
    env.DB.prepare("UPDATE tokens SET price_usd = NULL, priced_at = NULL, price_source = NULL"),
  ]);
}

/** Every stored balance: agent -> token -> digits. */
export async function readBalances(): Promise<Record<string, Record<string, string>>> {
  const rows = await db.selectFrom("balances").selectAll().execute();
  const balances: Record<string, Record<string, string>> = {};
  for (const row of rows) {
    balances[row.agent_address] = { ...balances[row.agent_address], [row.token_id]: row.raw_amount };
  }
  return balances;
}

/** The newest published ranking, in rank order; empty when there is none. */
export async function readStandings(): Promise<Standing[]> {
  const version = await readVersion();
  return version === null ? [] : ((await findStandingsPage(db, version, { offset: 0, limit: 10_000 })) ?? []);
}

/** The same as [address, micro-USD]. */
export async function readRanking(): Promise<[string, number][]> {
  return (await readStandings()).map((row) => [row.stx_address, row.total_usd]);
}

export async function readVersion(): Promise<number | null> {
  const row = await db
    .selectFrom("publications")
    .select((select) => select.fn.max("version").as("version"))
    .executeTakeFirstOrThrow();
  return row.version;
}

export async function readVersions(): Promise<number[]> {
  const rows = await db.selectFrom("publications").select("version").orderBy("version").execute();
  return rows.map(({ version }) => version);
}

export async function readCommits() {
  return db.selectFrom("tick_commits").selectAll().orderBy("epoch").execute();
}

export async function readFetches() {
  const rows = await db.selectFrom("fetches").selectAll().execute();
  return new Map(rows.map((row) => [row.agent_address, row]));
}

/** When each agent was last good on a lane; who never was is missing. */
export async function readGoodAt(lane: Lane): Promise<Map<string, number>> {
  const rows = [...(await readFetches()).values()];
  return new Map(
    rows.flatMap((row) => {
      const at = row[`${lane}_good_at`];
      return at === null ? [] : [[row.agent_address, at] as const];
    }),
  );
}

/** Agents whose last attempt on a lane failed, with the stored reason. */
export async function readErrors(lane: Lane): Promise<Record<string, string>> {
  const rows = [...(await readFetches()).values()];
  return Object.fromEntries(
    rows.flatMap((row) => {
      const error = row[`${lane}_error`];
      return error === null ? [] : [[row.agent_address, error] as const];
    }),
  );
}

export async function readListed(): Promise<string[]> {
  const rows = await db.selectFrom("agents").select("stx_address").where("removed_at", "is", null).execute();
  return rows.map((row) => row.stx_address).sort();
}

/** What the tables hold from now on; those that are not named are emptied. */
export async function writeTables(rows: Record<string, Record<string, unknown>[]>): Promise<void> {
  await wipeDatabase();
  await env.DB.prepare("DELETE FROM tokens").run();
  const statements = Object.entries(rows).flatMap(([table, tableRows]) =>
    tableRows.map((row) => {
      const columns = Object.keys(row);
      const places = columns.map(() => "?").join(", ");
      return env.DB.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`).bind(
        ...Object.values(row),
      );
    }),
  );
  await env.DB.batch(statements);
}
