import { BadInput, parseInput } from "./bad-input.ts";
import { parseBitcoinAddress } from "./bitcoin-address.ts";
import { type BitcoinHoldings, NO_TXOS, planWallet, readWallet } from "./bitcoin-holdings.ts";
import { findPrincipalError } from "./hiro-principal.ts";
import {
  type Amount,
  type BtcSetting,
  type PinnedHoldings,
  pinnedBitcoinSchema,
  pinnedStacksSchema,
  type StxSetting,
  toBitcoinHoldings,
  toBtcSetting,
  toStxHoldings,
  toStxSetting,
  toTokenHoldings,
  toTokenSetting,
} from "./set-holdings.ts";
import { NO_HOLDINGS, planPortfolio, readPortfolio, type StacksHoldings } from "./stacks-holdings.ts";
import { createSpamAssetId, findToken, SPAM_POOL, toContractId } from "./tokens.ts";

/** Who holds what: a pure function of seed, address and step, except for what a test has set. */
export interface Holdings {
  /** Set by principal; STX that is set stays over all steps. */
  stx: Map<string, StxSetting>;
  /** Set by principal, then by asset identifier: all that it holds. Any text is served as it is. */
  tokens: Map<string, Record<string, Amount>>;
  /** Set by canonical Bitcoin address. */
  btc: Map<string, BtcSetting>;
  getStacks(principal: string): StacksHoldings;
  /** By canonical address. */
  getBitcoin(address: string): BitcoinHoldings;
  /** Whether a contract has been deployed. */
  hasContract(contractId: string): boolean;
  /** Sets all that one address holds. Throws a BadInput and changes nothing when malformed. */
  pin(address: string, pinned: PinnedHoldings): void;
  unpin(address?: string): void;
}

interface HoldingsOptions {
  seed: string;
  step: () => number;
  /** False = nobody holds anything that is not set. */
  populated: boolean;
}

export function createHoldings({ seed, step, populated }: HoldingsOptions): Holdings {
  const stx: Holdings["stx"] = new Map();
  const tokens: Holdings["tokens"] = new Map();
  const btc: Holdings["btc"] = new Map();
  const population = createPopulation(seed, step);

  return {
    stx,
    tokens,
    btc,
    getStacks(principal) {
      const own = populated ? population.getStacks(principal) : NO_HOLDINGS;
      const setStx = stx.get(principal);
      const setTokens = tokens.get(principal);
      if (setStx === undefined && setTokens === undefined) return own;
      return {
        ...own,
        active: true,
        names: 0,
        ...(setStx === undefined ? {} : toStxHoldings(setStx)),
        ...(setTokens === undefined ? {} : { tokens: toTokenHoldings(setTokens) }),
      };
    },
    getBitcoin(address) {
      const setBtc = btc.get(address);
      if (setBtc !== undefined) return toBitcoinHoldings(setBtc);
      return populated ? population.getBitcoin(address) : { chain: NO_TXOS, mempool: NO_TXOS };
    },
    hasContract(contractId) {
      if (findToken(contractId) || (populated && population.spamContracts().has(contractId))) return true;
      return [...tokens.values()].some((held) => Object.keys(held).some((id) => toContractId(id) === contractId));
    },
    pin(address, pinned) {
      const bitcoin = parseBitcoinAddress(address);
      if (bitcoin) {
        btc.set(bitcoin.canonical, toBtcSetting(parseInput(pinnedBitcoinSchema, pinned, "holdings")));
        return;
      }
      if (findPrincipalError(address, "v3")) throw new BadInput(`${address}: neither a Stacks nor a Bitcoin address`);
      const parsed = parseInput(pinnedStacksSchema, pinned, "holdings");
      stx.set(address, toStxSetting(parsed));
      tokens.set(address, toTokenSetting(parsed));
    },
    unpin(address) {
      for (const map of [stx, tokens, btc]) {
        if (address === undefined) map.clear();
        else map.delete(parseBitcoinAddress(address)?.canonical ?? address);
      }
    },
  };
}

function createPopulation(seed: string, step: () => number) {
  const portfolios = new Map<string, ReturnType<typeof planPortfolio>>();
  const wallets = new Map<string, ReturnType<typeof planWallet>>();
  let spam: Set<string> | undefined;
  return {
    getStacks(principal: string): StacksHoldings {
      const portfolio = portfolios.get(principal) ?? planPortfolio(seed, principal);
      portfolios.set(principal, portfolio);
      return readPortfolio(portfolio, seed, principal, step());
    },
    getBitcoin(address: string): BitcoinHoldings {
      const wallet = wallets.get(address) ?? planWallet(seed, address);
      wallets.set(address, wallet);
      return readWallet(wallet, seed, address, step());
    },
    spamContracts(): Set<string> {
      spam ??= new Set(Array.from({ length: SPAM_POOL }, (_, n) => toContractId(createSpamAssetId(seed, n))));
      return spam;
    },
  };
}
