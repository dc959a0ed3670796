import { SBTC_ASSET_IDENTIFIER } from "@standings/balances";
import { type Answer, html, json } from "./model-answers.ts";
import { hash, isHit, pick } from "./random.ts";
import type { StacksWallet } from "./wallets.ts";

/** Whom the rebuild asks. The Stacks node answers behind Hiro's host, and can be right where its index is wrong. */
export const SERVICES = ["hiro", "node", "mempool", "mempool-prices", "blockstream", "coingecko", "coinbase"] as const;
export type Service = (typeof SERVICES)[number];

/** How a service answers. All but "ok", "v1-gone" and "slow" are faults, and some of those are well-formed. */
export const MODES = [
  "ok",
  "slow",
  "429",
  "429-later", // with Retry-After
  "5xx",
  "403",
  "400",
  "no-block", // 404, as Hiro says while it has no tip
  "422",
  "hangs",
  "network",
  "redirect",
  "html",
  "wrong-types",
  "truncated",
  "empty",
  "huge",
  "negative",
  "too-much",
  "zeros", // nobody holds anything
  "half-zeros", // half of all addresses hold nothing
  "no-tokens", // nobody holds a token, STX is right
  "more", // everybody holds something
  "v1-gone",
  "ft-429", // v3 answers for STX and not for tokens
  "flaky",
  "flaky-429",
  "old", // prices from an hour ago
  "future",
  "no-price",
] as const;
export type Mode = (typeof MODES)[number];

const RETRY_AFTER_SECONDS = 1_500;
const FLAKY_FAULTS: [Mode, ...Mode[]] = ["5xx", "html", "wrong-types", "truncated", "negative", "too-much", "400"];

/** One fault for one call, decided by what is called and how often, never by the order in which calls end. */
export function toMode(mode: Mode, seed: number, path: string, attempt: number): Mode {
  if (mode === "flaky")
    return isHit(0.3, seed, path, attempt) ? pick(FLAKY_FAULTS, seed, "fault", path, attempt) : "ok";
  if (mode === "flaky-429") return isHit(0.15, seed, path, attempt) ? "429" : "ok";
  return mode;
}

/** An answer that is none, whatever was asked; undefined = the service answers. */
export function toFault(mode: Mode, path: string): Answer | undefined {
  switch (mode) {
    case "429":
      return html(429);
    case "429-later":
      return html(429, { "retry-after": String(RETRY_AFTER_SECONDS) });
    case "5xx":
      return html(502);
    case "403":
      return html(403);
    case "400":
      return json('{"statusCode":400,"error":"Bad Request","message":"no"}', 400);
    case "no-block":
      return json('{"error":"no current block"}', 404);
    case "422":
      return json('{"error":"Missing parameter"}', 422);
    case "redirect":
      return { status: 302, type: "", text: "", headers: { location: path } };
    case "html":
      return html(200);
    case "truncated":
      return json('{"stx":{"bal');
    case "empty":
      return json("");
    case "wrong-types":
      return json(WRONG_TYPES);
    case "v1-gone":
      return path.includes("/v1/address/") ? json('{"error":"Gone"}', 410) : undefined;
    case "ft-429":
      return path.includes("/balances/ft") ? html(429) : undefined;
    default:
      return undefined;
  }
}

const WRONG_TYPES = JSON.stringify({
  stx: { balance: 5 },
  fungible_tokens: [],
  balance: 5,
  results: {},
  address: 5,
  chain_stats: null,
  okay: "true",
  bitcoin: { usd: "1" },
  data: [],
  USD: "1",
});

/** When the host may be called again, by its own word. */
export function toNotBefore(mode: Mode, nowMs: number): number | undefined {
  return mode === "429-later" ? nowMs + RETRY_AFTER_SECONDS * 1_000 : undefined;
}

const NOTHING: StacksWallet = { stx: 0n, tokens: new Map() };

/** How a well-formed but wrong answer sees a wallet. */
export function seeStacks(mode: Mode, address: string, wallet: StacksWallet): StacksWallet {
  switch (mode) {
    case "zeros":
      return NOTHING;
    case "half-zeros":
      return hash(address) % 2 === 0 ? NOTHING : wallet;
    case "no-tokens":
      return withoutTokens(wallet);
    case "more":
      return withMore(wallet);
    default:
      return wallet;
  }
}

const enriched = new WeakMap<StacksWallet, StacksWallet>();

function withMore(wallet: StacksWallet): StacksWallet {
  const tokens = () => new Map([...wallet.tokens, [SBTC_ASSET_IDENTIFIER, "5"]]);
  const known = enriched.get(wallet) ?? { stx: wallet.stx + 5n, tokens: tokens() };
  enriched.set(wallet, known);
  return known;
}

const stripped = new WeakMap<StacksWallet, StacksWallet>();

function withoutTokens(wallet: StacksWallet): StacksWallet {
  const known = stripped.get(wallet) ?? { stx: wallet.stx, tokens: NOTHING.tokens };
  stripped.set(wallet, known);
  return known;
}

export function seeBitcoin(mode: Mode, address: string, amount: bigint): bigint {
  if (mode === "zeros" || (mode === "half-zeros" && hash(address) % 2 === 0)) return 0n;
  return mode === "more" ? amount + 5n : amount;
}

/** A body in the right shape with an amount that cannot be. */
export function spoil(mode: Mode, answer: Answer): Answer {
  switch (mode) {
    case "negative":
      return {
        ...answer,
        text: answer.text.replace(/"balance":"\d*/, '"balance":"-1').replace(/_sum":\d+/, '_sum":0'),
      };
    case "too-much":
      return {
        ...answer,
        text: answer.text
          .replace(/"balance":"\d+/, '"balance":"3000000000000000')
          .replace(/"funded_txo_sum":\d+/, '"funded_txo_sum":2200000000000000'),
      };
    case "huge":
      return { ...answer, text: answer.text + HUGE };
    default:
      return answer;
  }
}

const HUGE = " ".repeat(1_048_577);
