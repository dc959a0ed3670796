import {
  MAX_TOKENS_PER_AGENT,
  MAX_UINT128,
  SBTC,
  SBTC_ASSET_IDENTIFIER,
  SBTC_CONTRACT_ID,
  STX,
} from "@standings/balances";
import { c32address } from "c32check";
import { hash } from "./random.ts";

/** What an address holds on Stacks: base units, and tokens by asset identifier as the wire says them. */
export interface StacksWallet {
  readonly stx: bigint;
  readonly tokens: ReadonlyMap<string, string>;
}

const deployer = (index: number) => c32address(22, (0xabc000 + index).toString(16).padStart(40, "0"));

/** Tokens that agents hold because they want to. */
export const SIP10_TOKENS = [`${deployer(1)}.alpha::alpha`, `${deployer(2)}.beta::beta`] as const;

/** What a stranger can send to an agent, or a broken indexer can say of it; of each kind, what is left of it. */
export const SPAM_KINDS = [
  "plain",
  "flood",
  "past-uint128",
  "negative",
  "letters",
  "long",
  "nameless",
  "look-alike",
] as const;
export type SpamKind = (typeof SPAM_KINDS)[number];

/** More than are kept of an agent, more than a page of v3 has. */
const FLOOD = 210;

export function toSpam(kind: SpamKind): [string, string][] {
  const asset = `${deployer(9)}.spam-${kind}::spam`;
  switch (kind) {
    case "plain":
      return [[asset, "77"]];
    case "flood":
      return Array.from({ length: FLOOD }, (_, index) => [
        `${deployer(9)}.flood-${index}::flood`,
        String(1_000 + index),
      ]);
    case "past-uint128":
      return [
        [asset, MAX_UINT128.toString()],
        [`${asset}-too`, "1"],
      ];
    case "negative":
      return [[asset, "-1"]];
    case "letters":
      return [[asset, "12three"]];
    case "long":
      return [[asset, "9".repeat(200)]];
    case "nameless":
      return ["", "::", "__proto__", "no-contract::spam"].map((identifier) => [identifier, "5"]);
    case "look-alike":
      return [[`${deployer(9)}.sbtc-token::sbtc-token`, "2100000000000000"]];
  }
}

/** Who holds what: a function of the seed, but for what a history has set. */
export class Wallets {
  readonly #seed: number;
  readonly #stacks = new Map<string, StacksWallet>();
  readonly #bitcoin = new Map<string, bigint>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Of a Stacks address. */
  stacks(address: string): StacksWallet {
    const known = this.#stacks.get(address);
    if (known) return known;
    const luck = hash(this.#seed, address);
    const tokens = new Map<string, string>();
    if (luck % 3 !== 0) tokens.set(SBTC_ASSET_IDENTIFIER, String(luck % 10_000));
    if (luck % 5 === 0) tokens.set(`${SBTC_CONTRACT_ID}::sbtc-token-locked`, "21");
    if (luck % 4 === 0) tokens.set(SIP10_TOKENS[0], String(luck));
    if (luck % 7 === 0) tokens.set(SIP10_TOKENS[1], "0"); // held once
    const wallet = { stx: BigInt(luck % 1_000_000), tokens };
    this.#stacks.set(address, wallet);
    return wallet;
  }

  setStacks(address: string, changes: Partial<StacksWallet>): void {
    this.#stacks.set(address, { ...this.stacks(address), ...changes });
  }

  /** Sends tokens to a Stacks address. */
  addTokens(address: string, tokens: Iterable<readonly [string, string]>): void {
    this.setStacks(address, { tokens: new Map([...this.stacks(address).tokens, ...tokens]) });
  }

  /** Takes all of a contract's assets from a Stacks address. @returns what was taken */
  takeTokens(address: string, contractId: string): [string, string][] {
    const tokens = [...this.stacks(address).tokens];
    const isOfIt = ([asset]: [string, string]) => asset.startsWith(`${contractId}::`);
    this.setStacks(address, { tokens: new Map(tokens.filter((token) => !isOfIt(token))) });
    return tokens.filter(isOfIt);
  }

  bitcoin(address: string): bigint {
    return this.#bitcoin.get(address) ?? BigInt(hash(this.#seed, address) % 1_000_000);
  }

  setBitcoin(address: string, amount: bigint): void {
    this.#bitcoin.set(address, amount);
  }
}

const READABLE_ASSET = /^(S[0-9A-Z]{27,40}\.[a-zA-Z][a-zA-Z0-9_-]{0,39})::[a-zA-Z0-9_!?+<>=/*-]{1,128}$/;

/**
 * What a complete answer about such a wallet has to be read as, by token id: said apart from the code under test, since
 * what is hostile must neither count nor cost anything else.
 */
export function toExpectedBalances(wallet: StacksWallet): ReadonlyMap<string, string> {
  const known = expected.get(wallet) ?? readWallet(wallet);
  expected.set(wallet, known);
  return known;
}

const expected = new WeakMap<StacksWallet, ReadonlyMap<string, string>>();

function readWallet({ stx, tokens }: StacksWallet): ReadonlyMap<string, string> {
  const sums = new Map<string, bigint | null>(); // null = not readable
  for (const [identifier, amount] of tokens) {
    const contract = READABLE_ASSET.exec(identifier)?.[1];
    if (contract === undefined) continue;
    const id = contract === SBTC_CONTRACT_ID ? SBTC : contract;
    const known = sums.get(id);
    const isReadable = /^(?:0|[1-9]\d{0,38})$/.test(amount) && known !== null;
    sums.set(id, isReadable ? (known ?? 0n) + BigInt(amount) : null);
  }
  const sbtc = sums.get(SBTC) ?? 0n;
  sums.delete(SBTC);
  const others = [...sums].flatMap(([id, sum]) =>
    sum !== null && sum > 0n && sum <= MAX_UINT128 ? [{ id, sum }] : [],
  );
  others.sort((a, b) => (a.sum === b.sum ? (a.id < b.id ? -1 : 1) : a.sum > b.sum ? -1 : 1));
  const kept = others.slice(0, MAX_TOKENS_PER_AGENT - 2);
  return new Map([
    [STX, stx.toString()],
    [SBTC, sbtc.toString()],
    ...kept.map(({ id, sum }) => [id, sum.toString()] as const),
  ]);
}
