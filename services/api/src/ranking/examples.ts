import { CSV_HEADER, toCsvRow } from "./csv.ts";
import { renderAgentMarkdown, renderDashboardMarkdown } from "./markdown.ts";
import type { Agent, AgentAnswer, Dashboard, Prices } from "./schema.ts";

const prices: Prices = { BTC: 98_123.5, STX: 0.85, sBTC: 98_123.5 };
const cachedAt = "2026-11-22T14:02:10.000Z";

const agent: Agent = {
  rank: 1,
  stxAddress: "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7",
  btcAddress: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
  displayName: "Tiny Marten",
  bnsName: "marten.btc",
  level: 2,
  levelName: "Genesis",
  tokens: [
    {
      symbol: "BTC",
      balance: "123456789",
      decimals: 8,
      amount: 1.23456789,
      priceUsd: 98_123.5,
      usdValue: 121_140.122369,
      priced: true,
      decimalsKnown: true,
      counted: true,
    },
    {
      symbol: "spam",
      balance: "5000",
      decimals: 0,
      amount: 5_000,
      priceUsd: 0,
      usdValue: 0,
      contract: "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7.spam",
      priced: false,
      decimalsKnown: false,
      counted: false,
      reason: "unlisted",
    },
  ],
  totalUsd: 121_140.122369,
  updatedAt: "2026-11-22T14:01:40.000Z",
};

export const dashboardExample: Dashboard = {
  agents: [agent],
  prices,
  stats: {
    total: 430,
    totalUsd: 1_234_567.89,
    pricedAt: "2026-11-22T14:01:10.000Z",
    partialCount: 2,
    pendingCount: 0,
  },
  cachedAt,
  version: 812,
  pagination: { total: 430, limit: 1, offset: 0, hasMore: true },
};

export const agentExample: AgentAnswer = { ...agent, pending: false, prices, cachedAt, version: 812 };

export const csvExample = CSV_HEADER + toCsvRow(agent);
export const markdownExample = renderDashboardMarkdown(dashboardExample, {
  isSearch: false,
  next: "/api/dashboard.md?limit=1&offset=1&version=812",
  json: "/api/dashboard?limit=1&offset=0&version=812",
  csv: "/api/dashboard.csv?version=812",
});
export const markdownAgentExample = renderAgentMarkdown(agentExample);
