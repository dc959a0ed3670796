import type { RosterAgent } from "@standings/upstream-sim";
import { SBTC_ASSET_ID } from "@standings/upstream-sim";
import type { Upstream } from "@standings/upstream-sim/server";

/** Everybody holds some of everything that is ranked, each a different amount, at prices that stand still. */
export function pinEverything(upstream: Upstream, agents: readonly RosterAgent[]): void {
  upstream.pinPrices({ BTC: 90_000, STX: 0.8 });
  agents.forEach(({ stxAddress, btcAddress }, index) => {
    const tokens = { [SBTC_ASSET_ID]: String(1_000 + index), [UNRANKED]: String(index) };
    upstream.pinHoldings(stxAddress, { stx: String(1_000_000 * (index + 1)), tokens });
    upstream.pinHoldings(btcAddress, { sats: String(5_000 * (agents.length - index)) });
  });
}

/** The upstreams answer as if nobody ever held anything, well-formed in every way. */
export function pinZeros(upstream: Upstream, agents: readonly RosterAgent[]): void {
  for (const { stxAddress, btcAddress } of agents) {
    upstream.pinHoldings(stxAddress, { stx: "0" });
    upstream.pinHoldings(btcAddress, { sats: "0" });
  }
}

const UNRANKED = "SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.token-alex::alex";
