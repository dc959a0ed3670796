import type { RosterAgent } from "@standings/upstream-sim";
import { SBTC_ASSET_ID } from "@standings/upstream-sim";
import type { Upstream } from "@standings/upstream-sim/server";

export const PRICES = { BTC: 90_000, STX: 0.8 };

/** Everybody holds some of everything that counts, each a different amount, at prices that stand still. */
export function pinEverything(upstream: Upstream, agents: readonly RosterAgent[]): void {
  upstream.pinPrices(PRICES);
  agents.forEach(({ stxAddress, btcAddress }, index) => {
    const tokens = { [SBTC_ASSET_ID]: String(1_000 + index), [UNCOUNTED]: String(index) };
    upstream.pinHoldings(stxAddress, { stx: String(1_000_000 * (index + 1)), tokens });
    upstream.pinHoldings(btcAddress, { sats: String(5_000 * (agents.length - index)) });
  });
}

/** The upstreams answer as if nobody ever held anything that counts, well-formed in every way. */
export function pinZeros(upstream: Upstream, agents: readonly RosterAgent[]): void {
  agents.forEach(({ stxAddress, btcAddress }, index) => {
    upstream.pinHoldings(stxAddress, { stx: "0", tokens: { [UNCOUNTED]: String(index) } });
    upstream.pinHoldings(btcAddress, { sats: "0" });
  });
}

/** Everything but sBTC. */
export function pinWithoutSbtc(upstream: Upstream, agents: readonly RosterAgent[]): void {
  agents.forEach(({ stxAddress }, index) => {
    const tokens = { [SBTC_ASSET_ID]: "0", [UNCOUNTED]: String(index) };
    upstream.pinHoldings(stxAddress, { stx: String(1_000_000 * (index + 1)), tokens });
  });
}

/** As the board names a token. */
export function toContract(assetId: string): string {
  return assetId.split("::", 1)[0] ?? "";
}

const UNCOUNTED = "SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.token-alex::alex";
