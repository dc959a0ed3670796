import { BTC, type Lane } from "@standings/balances";
import { ADDRESS_CHANGED, type AgentRow, FALL_HELD, type FetchRow, type TokenRow } from "@standings/db";
import { isRanked, type ModelHolding, type ModelStanding, type Tables } from "./model-tables.ts";

// What publishing and the count of ages make of the tables.

/** As SQL computes it, in doubles. */
export function toUsdMicros(raw: string, token: TokenRow | undefined): number | null {
  if (!token || token.price_usd === null || token.decimals === null) return null;
  return Math.trunc((Number(raw) * token.price_usd * 1e6) / 10 ** token.decimals);
}

export function toStandings(tables: Tables, listed: readonly AgentRow[]): ModelStanding[] {
  const claimants = new Map<string, AgentRow>();
  for (const agent of listed) {
    const first = claimants.get(agent.btc_address);
    if (!first || isVerifiedBefore(agent, first)) claimants.set(agent.btc_address, agent);
  }
  const standings = listed.flatMap((agent): ModelStanding[] => {
    const fetch = tables.fetches.get(agent.stx_address);
    if (!isRanked(fetch)) return [];
    const tokens = toHoldings(tables, agent, claimants.get(agent.btc_address) !== agent);
    const counted = tokens.filter(({ reason }) => reason === null);
    return [
      {
        stxAddress: agent.stx_address,
        btcAddress: agent.btc_address,
        totalUsd: Math.trunc(counted.reduce((sum, { usd }) => sum + (usd ?? 0), 0)),
        partial: fetch.stacks_error !== null || fetch.bitcoin_error !== null,
        updatedAt: toUpdatedAt(fetch),
        tokens,
      },
    ];
  });
  return standings.sort((a, b) => b.totalUsd - a.totalUsd || (a.stxAddress < b.stxAddress ? -1 : 1));
}

function toHoldings(tables: Tables, agent: AgentRow, isClaimedByAnother: boolean): ModelHolding[] {
  return [...(tables.balances.get(agent.stx_address) ?? [])].flatMap(([id, { raw_amount: raw }]) => {
    const token = tables.tokens.get(id);
    if (!token || raw === "0") return [];
    const usd = toUsdMicros(raw, token);
    const unpriced = usd === null ? "no-price" : null;
    const claimed = id === BTC && isClaimedByAnother ? "claimed-by-another" : unpriced;
    return [{ id, raw, usd, reason: token.ranked === 0 ? "unlisted" : claimed }];
  });
}

/** Of several that claim one Bitcoin address the first verified counts it; who never was comes last. */
function isVerifiedBefore(a: AgentRow, b: AgentRow): boolean {
  const [aAt, bAt] = [a.verified_at ?? Number.POSITIVE_INFINITY, b.verified_at ?? Number.POSITIVE_INFINITY];
  return aAt !== bAt ? aAt < bAt : a.stx_address < b.stx_address;
}

function toUpdatedAt(fetch: FetchRow): number {
  const stacks = fetch.stacks_good_at ?? 0;
  const bitcoin = fetch.bitcoin_good_at ?? 0;
  return Math.min(stacks, bitcoin, fetch.stacks_held_since ?? stacks, fetch.bitcoin_held_since ?? bitcoin);
}

/** The times before which a tenth and a half of the ranked agents were last good, and how many failed. */
export function countAges(tables: Tables, listed: readonly AgentRow[], at: number) {
  const ranked = listed.map(({ stx_address }) => tables.fetches.get(stx_address)).filter(isRanked);
  const lane = (name: Lane) => {
    const times = ranked.map((fetch) => fetch[`${name}_good_at`] ?? 0).sort((a, b) => a - b);
    const errors = ranked.map((fetch) => fetch[`${name}_error`]);
    return {
      tenth: times[Math.floor(times.length / 10)] ?? null,
      half: times[Math.floor(times.length / 2)] ?? null,
      failed: errors.filter((error) => error !== null && error !== ADDRESS_CHANGED && error !== FALL_HELD).length,
    };
  };
  const [stacks, bitcoin] = [lane("stacks"), lane("bitcoin")];
  return {
    ranked: ranked.length,
    counted_at: at,
    stacks_tenth_at: stacks.tenth,
    stacks_half_at: stacks.half,
    stacks_failed: stacks.failed,
    bitcoin_tenth_at: bitcoin.tenth,
    bitcoin_half_at: bitcoin.half,
    bitcoin_failed: bitcoin.failed,
  };
}
