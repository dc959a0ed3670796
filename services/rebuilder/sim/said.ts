import { BTC, SBTC, STX } from "@standings/balances";

/** As long as a tick may take, a call that was applied late included: an older answer has no business in a commit. */
const RECENT_MS = 300_000;

/** What valid answers said of whom and when, true or not: nothing else may ever be stored. */
export class Said {
  readonly #balances = new Map<string, Map<string, Map<string, number>>>(); // address -> token -> raw -> last said at
  readonly #quotes = new Map<string, { usd: number; firstAt: number; lastAt: number }[]>(); // "token source"

  /** A complete list of what an address holds; what was said of it before and is missing now is zero. */
  tellAll(address: string, balances: ReadonlyMap<string, string>, at: number): void {
    const tokens = this.#tokensOf(address);
    for (const [tokenId, raw] of balances) tell(tokens, tokenId, raw, at);
    for (const tokenId of tokens.keys()) {
      if (tokenId !== BTC && !balances.has(tokenId)) tell(tokens, tokenId, "0", at);
    }
  }

  tell(address: string, tokenId: string, raw: string, at: number): void {
    tell(this.#tokensOf(address), tokenId, raw, at);
  }

  tellQuote(tokenId: string, source: string, usd: number, at: number): void {
    const key = `${tokenId} ${source}`;
    const quotes = this.#quotes.get(key) ?? [];
    this.#quotes.set(key, quotes);
    const last = quotes.at(-1);
    if (last?.usd === usd) last.lastAt = at;
    else quotes.push({ usd, firstAt: at, lastAt: at });
  }

  wasSaid(address: string, tokenId: string, raw: string, nowMs = Number.NEGATIVE_INFINITY): boolean {
    const at = this.#balances.get(address)?.get(tokenId)?.get(raw);
    return at !== undefined && at >= nowMs - RECENT_MS;
  }

  /** Tokens that anything was ever said of. */
  tokensOf(address: string): Iterable<string> {
    return this.#balances.get(address)?.keys() ?? [];
  }

  /** Runs of one and the same price, newest last. */
  quotesOf(tokenId: string, source: string): readonly { usd: number; firstAt: number; lastAt: number }[] {
    return this.#quotes.get(`${tokenId === SBTC ? BTC : tokenId} ${source}`) ?? [];
  }

  #tokensOf(address: string): Map<string, Map<string, number>> {
    const tokens = this.#balances.get(address) ?? new Map();
    this.#balances.set(address, tokens);
    return tokens;
  }
}

function tell(tokens: Map<string, Map<string, number>>, tokenId: string, raw: string, at: number): void {
  const amounts = tokens.get(tokenId);
  if (amounts) amounts.set(raw, at);
  else tokens.set(tokenId, new Map([[raw, at]]));
}

export const PRICED = { BTC, STX } as const;
