import type { Miniflare } from "miniflare";
import { openDatabase } from "../rig/stack.ts";
import type { ServedBoard } from "./page.ts";

/** What KV takes as one value. Above it the design has no answer at all. */
export const MAX_KV_VALUE_BYTES = 25 * 1024 * 1024;

/** Puts the ranking where the snapshot design reads it. @returns bytes of the value, which is stored when it fits */
export async function fillKvSnapshot(mf: Miniflare, worker: string, board: ServedBoard): Promise<number> {
  const snapshot = JSON.stringify(board);
  const bytes = Buffer.byteLength(snapshot);
  if (bytes <= MAX_KV_VALUE_BYTES) await (await mf.getKVNamespace("SNAPSHOTS", worker)).put("ranking", snapshot);
  return bytes;
}

/** Agents written in one statement: their JSON stays below D1's 2 MB for one value. */
const FILL_STEP = 200;

/** Puts the ranking's agents and holdings, unranked, where the window design reads them. */
export async function fillSqlWindow(mf: Miniflare, worker: string, { template, agents }: ServedBoard): Promise<void> {
  const database = await openDatabase(mf, "RANKING", worker);
  await database.batch(
    [
      "CREATE TABLE board (template TEXT NOT NULL)",
      "CREATE TABLE agents (stx_address TEXT NOT NULL PRIMARY KEY, profile TEXT NOT NULL) WITHOUT ROWID",
      `CREATE TABLE holdings (stx_address TEXT NOT NULL, place INTEGER NOT NULL, token TEXT NOT NULL,
        usd_micros INTEGER NOT NULL, PRIMARY KEY (stx_address, place)) WITHOUT ROWID`,
    ].map((statement) => database.prepare(statement)),
  );
  await database.prepare("INSERT INTO board VALUES (?1)").bind(JSON.stringify(template)).run();
  const insertAgents = database.prepare(
    "INSERT INTO agents SELECT value ->> 'address', value ->> 'profile' FROM json_each(?1)",
  );
  const insertHoldings = database.prepare(`INSERT INTO holdings
    SELECT value ->> 'address', value ->> 'place', value ->> 'token', value ->> 'micros' FROM json_each(?1)`);
  for (let first = 0; first < agents.length; first += FILL_STEP) {
    const some = agents.slice(first, first + FILL_STEP);
    const profiles = some.map(({ rank: _rank, totalUsd: _total, tokens: _tokens, ...profile }) => {
      return { address: profile.stxAddress, profile: JSON.stringify(profile) };
    });
    const holdings = some.flatMap(({ stxAddress: address, tokens }) =>
      tokens.map((token, place) => {
        return { address, place, token: JSON.stringify(token), micros: Math.round(token.usdValue * 1_000_000) };
      }),
    );
    await database.batch([insertAgents.bind(JSON.stringify(profiles)), insertHoldings.bind(JSON.stringify(holdings))]);
  }
}
