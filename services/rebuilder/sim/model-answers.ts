import type { StacksWallet } from "./wallets.ts";

// What Hiro, mempool.space, Blockstream and the price feeds answer, in the parts that are read of it, as text: the
// routes of packages/upstream-sim said once more, fast. A test holds the two against each other.

export interface Answer {
  status: number;
  type: string;
  text: string;
  headers?: Record<string, string>;
}

const JSON_TYPE = "application/json; charset=utf-8";
const HTML_TYPE = "text/html; charset=UTF-8";

export interface Ground {
  stacks(address: string): StacksWallet;
  bitcoin(address: string): bigint;
  /** USD; null = the feed knows none. */
  quote(feed: "coingecko" | "coinbase" | "mempool-prices", coin: "BTC" | "STX"): { usd: number; at: number } | null;
}

/** What a call asks for. */
export type Question =
  | { of: "v1" | "v3-stx" | "node-stx" | "bitcoin" | "witness-bitcoin"; address: string }
  | { of: "v3-ft"; address: string; cursor: string | null }
  | { of: "v3-one-ft"; address: string; asset: string }
  | { of: "node-token"; address: string; contract: string }
  | { of: "coingecko" | "mempool-prices" }
  | { of: "coinbase"; coin: "BTC" | "STX" };

const PATTERNS: readonly (readonly [RegExp, (address: string, rest?: string) => Question])[] = [
  [/^\/extended\/v1\/address\/([^/]+)\/balances$/, (address: string) => ({ of: "v1", address })],
  [/^\/extended\/v3\/principals\/([^/]+)\/balances\/stx$/, (address: string) => ({ of: "v3-stx", address })],
  [
    /^\/extended\/v3\/principals\/([^/]+)\/balances\/ft\?limit=200(?:&cursor=(.+))?$/,
    (address: string, cursor: string | undefined) => ({ of: "v3-ft", address, cursor: cursor ?? null }),
  ],
  [
    /^\/extended\/v3\/principals\/([^/]+)\/balances\/ft\/([^/?]+)$/,
    (address: string, asset = "") => ({ of: "v3-one-ft", address, asset }),
  ],
  [/^\/v2\/accounts\/([^/]+)\?proof=0$/, (address: string) => ({ of: "node-stx", address })],
];

export function parseQuestion(host: string, path: string, body: string | undefined): Question {
  if (host === "coingecko") return { of: "coingecko" };
  if (host === "coinbase") return { of: "coinbase", coin: path.includes("BTC") ? "BTC" : "STX" };
  if (path === "/v1/prices") return { of: "mempool-prices" };
  if (host !== "hiro") {
    const address = decodeURIComponent(path.slice("/address/".length));
    return { of: host === "mempool" ? "bitcoin" : "witness-bitcoin", address };
  }
  for (const [pattern, toQuestion] of PATTERNS) {
    const match = pattern.exec(path);
    if (match) return toQuestion(decodeURIComponent(match[1] ?? ""), match[2] && decodeURIComponent(match[2]));
  }
  const [, contract, name] = /^\/v2\/contracts\/call-read\/([^/]+)\/([^/]+)\/get-balance$/.exec(path) ?? [];
  if (!contract || body === undefined) throw new Error(`nobody answers ${host} ${path}`);
  return { of: "node-token", address: JSON.parse(body).sender, contract: `${contract}.${name}` };
}

export function answer(question: Question, ground: Ground): Answer {
  switch (question.of) {
    case "v1":
      return json(toV1(ground.stacks(question.address)));
    case "v3-stx":
      return json(`{"balance":"${ground.stacks(question.address).stx}"}`);
    case "v3-ft":
      return json(toV3Page(ground.stacks(question.address), question.cursor));
    case "v3-one-ft": {
      const { asset, address } = question;
      return json(
        JSON.stringify({ asset_identifier: asset, balance: ground.stacks(address).tokens.get(asset) ?? "0" }),
      );
    }
    case "node-stx":
      return json(`{"balance":"0x${toHex(ground.stacks(question.address).stx)}","locked":"0x${toHex(0n)}"}`);
    case "node-token":
      return json(`{"okay":true,"result":"${toResult(ground.stacks(question.address), question.contract)}"}`);
    case "bitcoin":
    case "witness-bitcoin": {
      const sum = ground.bitcoin(question.address);
      const stats = `{"funded_txo_sum":${sum + 7n},"spent_txo_sum":7}`;
      return json(`{"address":"${question.address}","chain_stats":${stats}}`);
    }
    case "coingecko":
      return json(JSON.stringify({ bitcoin: toCoingecko(ground, "BTC"), blockstack: toCoingecko(ground, "STX") }));
    case "coinbase": {
      const quote = ground.quote("coinbase", question.coin);
      if (!quote) return json('{"errors":[{"id":"not_found","message":"Invalid base currency"}]}', 404);
      return json(`{"data":{"amount":"${quote.usd}","base":"${question.coin}","currency":"USD"}}`);
    }
    case "mempool-prices": {
      const quote = ground.quote("mempool-prices", "BTC");
      return json(JSON.stringify({ time: Math.floor((quote?.at ?? 0) / 1_000), USD: Math.round(quote?.usd ?? -1) }));
    }
  }
}

function toCoingecko(ground: Ground, coin: "BTC" | "STX") {
  const quote = ground.quote("coingecko", coin);
  return { usd: quote?.usd ?? null, last_updated_at: Math.floor((quote?.at ?? 0) / 1_000) };
}

function toV1({ stx, tokens }: StacksWallet): string {
  const entries = [...tokens].map(
    ([asset, balance]) => `${JSON.stringify(asset)}:{"balance":${JSON.stringify(balance)}}`,
  );
  return `{"stx":{"balance":"${stx}"},"fungible_tokens":{${entries.join(",")}}}`;
}

const PAGE_SIZE = 200;

/** The largest amounts first; sold tokens are not listed, what is no number comes last. */
function toV3Page({ tokens }: StacksWallet, cursor: string | null): string {
  const size = (balance: string) => (/^-?\d+$/.test(balance) ? BigInt(balance) : -1n);
  const rows = [...tokens]
    .filter(([, balance]) => balance !== "0")
    .map(([asset_identifier, balance]) => ({ asset_identifier, balance }))
    .sort((a, b) => {
      const [x, y] = [size(a.balance), size(b.balance)];
      return x === y ? (a.asset_identifier < b.asset_identifier ? -1 : 1) : x > y ? -1 : 1;
    });
  const toCursor = (row: (typeof rows)[number] | undefined) => (row ? `${row.balance}:${row.asset_identifier}` : null);
  const start =
    cursor === null
      ? 0
      : Math.max(
          0,
          rows.findIndex((row) => toCursor(row) === cursor),
        );
  const next = toCursor(rows[start + PAGE_SIZE]);
  return JSON.stringify({ total: rows.length, cursor: { next }, results: rows.slice(start, start + PAGE_SIZE) });
}

function toHex(amount: bigint): string {
  return amount.toString(16).padStart(32, "0");
}

/** (ok uint), or (err u1) where the contract's own asset has no amount of a uint. */
function toResult({ tokens }: StacksWallet, contract: string): string {
  const [, balance = "0"] = [...tokens].find(([asset]) => asset.startsWith(`${contract}::`)) ?? [];
  const isUint = /^\d{1,39}$/.test(balance) && BigInt(balance) < 2n ** 128n;
  return isUint ? `0x0701${toHex(BigInt(balance))}` : `0x0801${toHex(1n)}`;
}

export function json(text: string, status = 200, headers?: Record<string, string>): Answer {
  return { status, type: JSON_TYPE, text, ...(headers && { headers }) };
}

export function html(status: number, headers?: Record<string, string>): Answer {
  return { status, type: HTML_TYPE, text: "<!DOCTYPE html><title>no</title>", ...(headers && { headers }) };
}
