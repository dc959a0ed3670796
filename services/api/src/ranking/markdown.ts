import { toHoldings } from "./holdings.ts";
import type { Agent, AgentAnswer, Dashboard, Prices, Token } from "./schema.ts";

/** What a page in Markdown says besides its data; the links are already those of this service. */
export interface MarkdownContext {
  isSearch: boolean;
  next?: string | undefined;
  json: string;
  csv: string;
}

const COLUMNS = ["Rank", "Agent", "Total USD", "BTC", "STX", "sBTC", "Other tokens", "Stacks address", "Notes"];

/** The same page as the JSON, for agents that read text: the facts of the ranking, a table, and how to go on. */
export function renderDashboardMarkdown(dashboard: Dashboard, context: MarkdownContext): string {
  const { agents, stats, version, cachedAt, prices } = dashboard;
  if (cachedAt === null) return "# Standings\n\nNo ranking has been published yet. Try again in a few minutes.\n";
  return joinBlocks([
    `# Standings, version ${version}`,
    [
      `Agents by the US dollar value of what they hold, as of ${cachedAt}.`,
      `${toPriceLine(prices)}${stats.pricedAt === null ? "" : `, of ${stats.pricedAt} or newer`}.`,
      `${stats.total} ranked, together ${toUsd(stats.totalUsd)} USD; ${stats.partialCount} partial, ${stats.pendingCount} pending.`,
      toPlace(dashboard, context),
    ].join("\n"),
    agents.length > 0 && [toRow(COLUMNS), toRow(COLUMNS.map(() => "---")), ...agents.map(toAgentRow)].join("\n"),
    [
      context.next && `- Next page: ${context.next}`,
      `- The same page as JSON: ${context.json}`,
      `- The whole ranking as CSV: ${context.csv}`,
      "- One agent, with all of its tokens: /api/dashboard/{address}.md, by Stacks or Bitcoin address",
    ]
      .filter(Boolean)
      .join("\n"),
    "Pages of one version belong together; a version is kept for about 15 minutes, then it answers 410: start again without version. Tokens that are not counted say why on the agent's own page.",
  ]);
}

export function renderAgentMarkdown(agent: AgentAnswer): string {
  const { rank, tokens, version, cachedAt } = agent;
  const header = ["Token", "Amount", "Price USD", "Value USD", "Contract"];
  return joinBlocks([
    `# ${toName(agent)}`,
    [
      rank === null
        ? "Pending: not ranked until every source has answered once."
        : `Rank ${rank} in version ${version}.`,
      `${rank === null ? "Known so far" : "Total"}: ${toUsd(agent.totalUsd)} USD. ${toPriceLine(agent.prices)}.`,
      `Level ${agent.level} (${toPlainText(agent.levelName)}).`,
      cachedAt && `Ranking published at ${cachedAt}.`,
      agent.updatedAt && `Balances of ${agent.updatedAt} or newer.`,
      agent.fetchError &&
        "Partial: a source failed at the last attempt or a fall is held back, these are the last good values.",
    ]
      .filter(Boolean)
      .join("\n"),
    `- Stacks address: ${agent.stxAddress}\n- Bitcoin address: ${agent.btcAddress}`,
    tokens.length === 0
      ? "No tokens."
      : [toRow(header), toRow(header.map(() => "---")), ...tokens.map(toTokenRow)].join("\n"),
  ]);
}

function toAgentRow(agent: Agent): string {
  const { BTC, STX, sBTC, others } = toHoldings(agent.tokens);
  const amounts = [BTC, STX, sBTC].map((token) => String(token?.amount ?? 0));
  const notes = [BTC, STX, sBTC].flatMap((token) =>
    token?.reason ? [`${toPlainText(token.symbol)} not counted: ${token.reason}`] : [],
  );
  return toRow([
    String(agent.rank),
    toName(agent),
    toUsd(agent.totalUsd),
    ...amounts,
    String(others.length),
    agent.stxAddress,
    [...(agent.fetchError ? ["partial"] : []), ...notes].join("; "),
  ]);
}

function toTokenRow({ symbol, amount, priced, priceUsd, usdValue, contract, decimalsKnown, reason }: Token): string {
  return toRow([
    toPlainText(symbol),
    decimalsKnown ? String(amount) : `${amount} base units`,
    priced ? String(priceUsd) : "unknown",
    reason ? `not counted: ${reason}` : toUsd(usdValue),
    contract ?? "",
  ]);
}

function toPlace({ agents, pagination }: Dashboard, { isSearch }: MarkdownContext): string {
  const { total, hasMore } = pagination;
  const [first, last] = [agents.at(0), agents.at(-1)];
  if (isSearch)
    return hasMore ? `The first ${agents.length} matches; narrow the search to see others.` : `${total} match.`;
  return first && last ? `Ranks ${first.rank} to ${last.rank} of ${total}.` : "No agent is on this page.";
}

function toPriceLine(prices: Prices): string {
  const known = Object.entries(prices).map(([symbol, price]) => `${symbol} ${price ?? "unknown"}`);
  return `Prices in USD: ${known.join(", ")}`;
}

function toName({ displayName, bnsName }: Pick<Agent, "displayName" | "bnsName">): string {
  const names = [displayName, bnsName].filter((name) => name !== null);
  return names.length === 0 ? "Unnamed agent" : names.map(toPlainText).join(", ");
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Names are anyone's to choose: nothing in one may be read as Markdown or HTML. */
function toPlainText(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|~&]/g, "\\$&");
}

function toUsd(value: number): string {
  return value.toFixed(2);
}

function joinBlocks(blocks: readonly (string | false)[]): string {
  return `${blocks.filter(Boolean).join("\n\n")}\n`;
}
