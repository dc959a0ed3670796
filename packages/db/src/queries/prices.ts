import type { CompiledQuery } from "kysely";
import type { Db } from "../client.ts";
import type { TokenRow } from "../tables.ts";
import type { AcceptedPrice } from "./tick-commit.ts";

type PriceRow = Pick<TokenRow, "token_id" | "price_usd" | "priced_at" | "price_source">;

/** The last accepted price of every token that ever had one. */
export async function getLastGoodPrices(db: Db): Promise<AcceptedPrice[]> {
  return toAcceptedPrices((await db.executeQuery(compileLastGoodPrices(db))).rows);
}

export function compileLastGoodPrices(db: Db): CompiledQuery<PriceRow> {
  return db
    .selectFrom("tokens")
    .select(["token_id", "price_usd", "priced_at", "price_source"])
    .where("price_usd", "is not", null)
    .compile();
}

export function toAcceptedPrices(rows: readonly PriceRow[]): AcceptedPrice[] {
  return rows.flatMap((row) =>
    row.price_usd === null || row.priced_at === null || row.price_source === null
      ? []
      : [{ tokenId: row.token_id, priceUsd: row.price_usd, pricedAt: row.priced_at, source: row.price_source }],
  );
}
