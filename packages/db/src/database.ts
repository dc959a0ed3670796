import type {
  AgentTable,
  AgentWordTable,
  BalanceTable,
  FetchTable,
  PublicationTable,
  StandingTable,
  TickCommitTable,
  TokenTable,
} from "./tables.ts";

export interface Database {
  agents: AgentTable;
  tokens: TokenTable;
  fetches: FetchTable;
  tick_commits: TickCommitTable;
  publications: PublicationTable;
  balances: BalanceTable;
  standings: StandingTable;
  agent_words: AgentWordTable;
}
