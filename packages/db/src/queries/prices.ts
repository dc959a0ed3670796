import type { Kysely } from "kysely";
import type { Database } from "../database.ts";
import type { AcceptedPrice } from "./tick-commit.ts";

/** The last accepted price of every token that ever had one. */
export async function getLastGoodPrices(db: Kysely<Database>): Promise<AcceptedPrice[]> {
  const rows = await db
    .selectFrom("tokens")
    .select(["token_id", "price_usd", "priced_at", "price_source"])
    .where("price_usd", "is not", null)
    .execute();
  return rows.flatMap((row) =>
    row.price_usd === null || row.priced_at === null || row.price_source === null
      ? []
      : [{ tokenId: row.token_id, priceUsd: row.price_usd, pricedAt: row.priced_at, source: row.price_source }],
  );
}
