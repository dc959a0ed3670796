import { z } from "zod";
import { parseBitcoinAddress } from "../address.ts";
import { MAX_SATOSHI } from "../amount.ts";
import { BTC } from "../tokens/assets.ts";
import type { LaneBalances } from "../types.ts";
import type { Attempt, Http } from "./http.ts";

// mempool.space passes /api/address/{address} to electrs. Sums are lifetime turnover as JSON numbers, which can pass
// 2^53 for a busy address although its balance cannot: parseJson hands those over as digits.

const PROVIDERS = { mempool: "mempool.space", blockstream: "blockstream.info" } as const;

const satoshi = z
  .union([z.number().int().nonnegative(), z.string().regex(/^\d{1,25}$/)])
  .transform((sum) => BigInt(sum));

const addressStats = z.object({
  address: z.string(),
  chain_stats: z.object({ funded_txo_sum: satoshi, spent_txo_sum: satoshi }),
});

/**
 * Confirmed balance: funded − spent on chain. What waits in the mempool is not counted.
 * @param host mempool.space, or blockstream.info, which answers in the same Esplora shape
 */
export async function fetchBitcoinBalance(
  http: Http,
  address: string,
  host: "mempool" | "blockstream" = "mempool",
): Promise<Attempt<LaneBalances>> {
  if (parseBitcoinAddress(address) !== address) return { kind: "failed", reason: "invalid-address" };
  return http.getJson({
    host,
    path: `/address/${encodeURIComponent(address)}`,
    parse(body) {
      const parsed = addressStats.safeParse(body);
      if (!parsed.success || parseBitcoinAddress(parsed.data.address) !== address) {
        return { ok: false, reason: "invalid-shape" };
      }
      const { funded_txo_sum, spent_txo_sum } = parsed.data.chain_stats;
      const rawAmount = funded_txo_sum - spent_txo_sum;
      if (rawAmount < 0n || rawAmount > MAX_SATOSHI) return { ok: false, reason: "implausible" };
      const balances = [{ tokenId: BTC, symbol: "BTC", rawAmount }];
      return { ok: true, value: { provider: PROVIDERS[host], balances, leftOut: 0 } };
    },
  });
}
