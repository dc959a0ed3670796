import { BTC } from "@standings/balances";
import { type RawBuilder, sql } from "kysely";
import type { UncountedReason } from "./standings.ts";

/**
 * Whether another listed agent counts the Bitcoin address of the agent `a`: of several that claim one, the first
 * verified (who never was comes last; ties by Stacks address). A lookup by index, so that no total depends on who else
 * is looked at.
 */
export const isClaimedByAnotherSql: RawBuilder<number> = sql`EXISTS (
  SELECT 1 FROM agents AS other WHERE other.btc_address = a.btc_address AND other.removed_at IS NULL
    AND (other.verified_at IS NULL, coalesce(other.verified_at, 0), other.stx_address)
      < (a.verified_at IS NULL, coalesce(a.verified_at, 0), a.stx_address))`;

/** Why a holding of the token `t` is no part of its agent's total; NULL = it is. @param usd its value, @param isClaimed as above */
export function uncountedReasonSql(of: {
  usd: RawBuilder<unknown>;
  isClaimed: RawBuilder<unknown>;
}): RawBuilder<UncountedReason | null> {
  return sql`CASE WHEN t.ranked = 0 THEN 'unlisted' WHEN t.token_id = ${BTC} AND ${of.isClaimed} THEN 'claimed-by-another'
    WHEN ${of.usd} IS NULL THEN 'no-price' END`;
}
