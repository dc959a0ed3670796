import type { Insertable, Selectable } from "kysely";

/** The two independent halves of the rebuild; the words that columns of fetches and freshness begin with. */
export type Lane = "stacks" | "bitcoin";

// One interface per table of migrations/, which state the units and the meaning of NULL.

export interface AgentTable {
  stx_address: string;
  btc_address: string;
  display_name: string | null;
  bns_name: string | null;
  level: number;
  level_name: string;
  listed_at: number;
  removed_at: number | null;
  verified_at: number | null;
  erc8004_agent_id: number | null;
}
export type AgentRow = Selectable<AgentTable>;
/** What a roster says of an agent. */
export type RosterAgent = Omit<AgentRow, "listed_at" | "removed_at">;

export interface TokenTable {
  token_id: string;
  symbol: string;
  name: string | null;
  decimals: number | null;
  ranked: number;
  price_usd: number | null;
  priced_at: number | null;
  price_source: string | null;
}
export type TokenRow = Selectable<TokenTable>;

export interface FetchTable {
  agent_address: string;
  stacks_attempted_at: number | null;
  stacks_good_at: number | null;
  stacks_error: string | null;
  bitcoin_attempted_at: number | null;
  bitcoin_good_at: number | null;
  bitcoin_error: string | null;
  tokens_left_out: number;
  rotation: number;
  stacks_held_since: number | null;
  bitcoin_held_since: number | null;
}
export type FetchRow = Selectable<FetchTable>;

export interface TickCommitTable {
  epoch: number;
  tick_id: string;
  trigger: string;
  started_at: number;
  committed_at: number;
  agents: number;
  failed: number;
  subrequests: number;
  outcome: string;
  place: string | null;
}
export type NewTickCommit = Insertable<TickCommitTable> & { place: string };

export interface PublicationTable {
  version: number;
  epoch: number;
  rotation: number;
  published_at: number;
  stale_after: number;
  prices: string;
  priced_at: number | null;
  agents: number;
  total_usd: number;
  partial: number;
  pending: number;
}
export type PublicationRow = Selectable<PublicationTable>;

export interface BalanceTable {
  agent_address: string;
  token_id: string;
  captured_at: number;
  raw_amount: string;
  decimals: number | null;
  usd_value: number | null;
  source: string;
}
export type BalanceRow = Selectable<BalanceTable>;

export interface StandingTable {
  version: number;
  rank: number;
  stx_address: string;
  btc_address: string;
  display_name: string | null;
  bns_name: string | null;
  level: number;
  level_name: string;
  total_usd: number;
  tokens: string;
  partial: number;
  updated_at: number;
}
export type StandingRow = Selectable<StandingTable>;

export interface AgentWordTable {
  word: string;
  stx_address: string;
  from_version: number;
  until_version: number | null;
}

export interface FreshnessTable {
  id: number;
  written_at: number;
  facts: string;
  ranked: number;
  counted_at: number | null;
  stacks_tenth_at: number | null;
  stacks_half_at: number | null;
  stacks_failed: number;
  bitcoin_tenth_at: number | null;
  bitcoin_half_at: number | null;
  bitcoin_failed: number;
}
export type FreshnessTableRow = Selectable<FreshnessTable>;

export interface OperatorActionTable {
  id: string;
  at: number;
  action: string;
  subject: string | null;
  reason: string | null;
  outcome: string;
}
export type OperatorAction = Selectable<OperatorActionTable>;

export interface Database {
  agents: AgentTable;
  tokens: TokenTable;
  fetches: FetchTable;
  tick_commits: TickCommitTable;
  publications: PublicationTable;
  balances: BalanceTable;
  standings: StandingTable;
  agent_words: AgentWordTable;
  freshness: FreshnessTable;
  operator_actions: OperatorActionTable;
}
