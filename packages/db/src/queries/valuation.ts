import { type RawBuilder, sql } from "kysely";

/**
 * Micro-USD of a balance as SQL: trunc(raw × price × 10^6 / 10^decimals), NULL when price or decimals are unknown.
 * The arguments are SQL expressions, never input. Computed in doubles: within one micro-dollar of the exact
 * value up to some billion USD a token (raw amounts of ranked tokens are below 2^53). A CAST past int64 saturates.
 */
export function usdMicrosSql(raw: string, decimals: string, priceUsd: string): RawBuilder<number | null> {
  return sql.raw(
    `CASE WHEN ${priceUsd} IS NULL OR ${decimals} IS NULL THEN NULL
      ELSE CAST(CAST(${raw} AS REAL) * ${priceUsd} * 1e6 / CAST('1e' || ${decimals} AS REAL) AS INTEGER) END`,
  );
}
