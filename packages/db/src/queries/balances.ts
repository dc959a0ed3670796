import { BTC } from "@standings/balances";
import { type CompiledQuery, sql } from "kysely";
import type { Db } from "../client.ts";
import { toJsonParameters } from "../json-parameter.ts";
import { usdMicrosSql } from "./valuation.ts";

/** A changed amount. `asked` is the address that was asked: the agent's Bitcoin address for BTC, else its Stacks one. */
export interface BalanceUpsert {
  agent: string; // Stacks address
  tokenId: string;
  raw: string; // base units, decimal digits
  at: number; // Unix milliseconds
  provider: string; // balances.source
  asked: string;
}

/** An uncounted token that a complete answer no longer names. */
export interface BalanceDelete {
  agent: string;
  tokenId: string;
  asked: string;
}

/** Writes what differs from what is stored, of listed agents, as asked of the address they have now. */
export function compileBalanceUpserts(db: Db, upserts: readonly BalanceUpsert[]): CompiledQuery[] {
  if (upserts.length === 0) return [];
  const rows = upserts.map(({ agent, tokenId, raw, at, provider, asked }) => [
    agent,
    tokenId,
    asked,
    raw,
    at,
    provider,
  ]);
  return toJsonParameters(rows).map((json) =>
    sql`
      INSERT INTO balances (agent_address, token_id, captured_at, raw_amount, decimals, usd_value, source)
      SELECT a.stx_address, j.value ->> 1, j.value ->> 4, j.value ->> 3, t.decimals,
        ${usdMicrosSql("j.value ->> 3", "t.decimals", "t.price_usd")}, j.value ->> 5
      FROM ${askedOf(json)} LEFT JOIN tokens AS t ON t.token_id = j.value ->> 1 WHERE true
      ON CONFLICT (agent_address, token_id) DO UPDATE SET captured_at = excluded.captured_at,
        raw_amount = excluded.raw_amount, decimals = excluded.decimals, usd_value = excluded.usd_value,
        source = excluded.source
      WHERE balances.raw_amount IS NOT excluded.raw_amount`.compile(db),
  );
}

/** A counted token's row never goes: that an agent holds none of it is a balance of zero. */
export function compileBalanceDeletes(db: Db, deletes: readonly BalanceDelete[]): CompiledQuery[] {
  if (deletes.length === 0) return [];
  return toJsonParameters(deletes.map(({ agent, tokenId, asked }) => [agent, tokenId, asked])).map((json) =>
    sql`
      DELETE FROM balances WHERE (agent_address, token_id) IN (
        SELECT a.stx_address, j.value ->> 1 FROM ${askedOf(json)}
        WHERE NOT EXISTS (SELECT 1 FROM tokens AS t WHERE t.token_id = j.value ->> 1 AND t.ranked = 1))`.compile(db),
  );
}

// Rows of [agent, token, asked, ...] whose asked address is the listed agent's own, for this kind of token.
function askedOf(json: string) {
  return sql`json_each(${json}) AS j CROSS JOIN agents AS a ON a.stx_address = j.value ->> 0 AND a.removed_at IS NULL
    AND j.value ->> 2 = CASE WHEN j.value ->> 1 = ${BTC} THEN a.btc_address ELSE a.stx_address END`;
}
