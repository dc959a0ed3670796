import { BTC, SBTC, STX } from "@standings/balances";
import type {
  AgentRow,
  BalanceRow,
  FetchRow,
  FreshnessTableRow,
  Lane,
  NewPublication,
  NewTickCommit,
  OperatorAction,
  TokenRow,
} from "@standings/db";

export interface Tables {
  agents: Map<string, AgentRow>;
  fetches: Map<string, FetchRow>;
  balances: Map<string, Map<string, BalanceRow>>; // by agent, then token
  tokens: Map<string, TokenRow>;
  commits: Map<number, NewTickCommit>;
  newestEpoch: number;
  publications: Map<number, ModelPublication>;
  freshness: FreshnessTableRow | null;
  actions: Map<string, OperatorAction>;
}

/** A balance that a batch changed. null = no row. */
export interface BalanceChange {
  agent: string;
  tokenId: string;
  before: string | null;
  after: string | null;
  by: "answer" | "release";
  at: number;
  asked: string;
}

const COINS = [
  { token_id: BTC, symbol: "BTC", name: "Bitcoin", decimals: 8 },
  { token_id: STX, symbol: "STX", name: "Stacks", decimals: 6 },
  { token_id: SBTC, symbol: "sBTC", name: "sBTC", decimals: 8 },
];

export const LANES: readonly Lane[] = ["stacks", "bitcoin"];

export function newTables(): Tables {
  const unpriced = { ranked: 1, price_usd: null, priced_at: null, price_source: null };
  return {
    agents: new Map(),
    fetches: new Map(),
    balances: new Map(),
    tokens: new Map(COINS.map((coin) => [coin.token_id, { ...coin, ...unpriced }])),
    commits: new Map(),
    newestEpoch: 0,
    publications: new Map(),
    freshness: null,
    actions: new Map(),
  };
}

export interface ModelHolding {
  id: string;
  raw: string;
  usd: number | null;
  reason: string | null; // why it does not count; null = it does
}

export interface ModelStanding {
  stxAddress: string;
  btcAddress: string;
  totalUsd: number;
  partial: boolean;
  updatedAt: number;
  tokens: ModelHolding[];
}

export interface ModelPublication extends NewPublication {
  pending: number;
  standings: ModelStanding[]; // in rank order
}

export function isRanked(fetch: FetchRow | undefined): fetch is FetchRow {
  return fetch !== undefined && LANES.every((lane) => fetch[`${lane}_good_at`] !== null);
}

export function newFetch(agent: string): FetchRow {
  const never = { stacks_attempted_at: null, stacks_good_at: null, stacks_error: null, stacks_held_since: null };
  const neither = { bitcoin_attempted_at: null, bitcoin_good_at: null, bitcoin_error: null, bitcoin_held_since: null };
  return { agent_address: agent, ...never, ...neither, tokens_left_out: 0, rotation: 0 };
}
