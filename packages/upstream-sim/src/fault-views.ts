import { NO_TXOS } from "./bitcoin-holdings.ts";
import type { FaultRule } from "./fault-rules.ts";
import { EMPTY_FLOW } from "./ledger.ts";
import {
  type PinnedHoldings,
  pinnedBitcoinSchema,
  pinnedStacksSchema,
  toBitcoinHoldings,
  toBtcSetting,
  toStxHoldings,
  toStxSetting,
  toTokenHoldings,
  toTokenSetting,
} from "./set-holdings.ts";
import type { StacksHoldings } from "./stacks-holdings.ts";
import type { View } from "./view.ts";

type Forgets = Extract<FaultRule, { kind: "forgets" }>;

/** What an index sees that lost some of its data. */
export function createForgetfulView({ what, assets, addresses }: Forgets): View {
  const isAbout = (address: string) => addresses === undefined || addresses.includes(address);
  return {
    stacks(principal, holdings) {
      if (!isAbout(principal)) return holdings;
      const seen = what.includes("stx")
        ? { ...holdings, stx: EMPTY_FLOW, fees: 0n, locked: 0n, pending: null }
        : holdings;
      return what.includes("tokens") ? { ...seen, tokens: forgetTokens(seen, assets) } : seen;
    },
    bitcoin(address, holdings) {
      return isAbout(address) && what.includes("btc") ? { chain: NO_TXOS, mempool: NO_TXOS } : holdings;
    },
  };
}

function forgetTokens({ tokens }: StacksHoldings, assets: string[] | undefined): StacksHoldings["tokens"] {
  return new Map([...tokens].filter(([assetId]) => assets !== undefined && !assets.includes(assetId)));
}

/** By Stacks or canonical Bitcoin address. Whoever is not named is seen as everybody else sees it. */
export function createOtherView(others: Record<string, PinnedHoldings>): View {
  return {
    stacks(principal, holdings) {
      const other = pinnedStacksSchema.safeParse(others[principal]);
      if (!other.success) return holdings;
      const tokens = toTokenHoldings(toTokenSetting(other.data));
      return { ...holdings, active: true, names: 0, ...toStxHoldings(toStxSetting(other.data)), tokens };
    },
    bitcoin(address, holdings) {
      const other = pinnedBitcoinSchema.safeParse(others[address]);
      return other.success ? toBitcoinHoldings(toBtcSetting(other.data)) : holdings;
    },
  };
}
