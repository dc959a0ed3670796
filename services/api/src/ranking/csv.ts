import { toHoldings } from "./holdings.ts";
import type { Agent, Token } from "./schema.ts";

type Cell = string | number | null | undefined; // null and undefined are empty cells

// What a spreadsheet would take for the start of a formula, in text that anyone may have chosen.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

export const CSV_COLUMNS = [
  "rank",
  "stxAddress",
  "btcAddress",
  "displayName",
  "bnsName",
  "level",
  "levelName",
  "totalUsd",
  "btc",
  "btcUsd",
  "stx",
  "stxUsd",
  "sbtc",
  "sbtcUsd",
  "otherTokens",
  "fetchError",
  "updatedAt",
  "notCounted",
] as const;

export const CSV_HEADER = toRow(CSV_COLUMNS);

export function toCsvRow(agent: Agent): string {
  const { BTC, STX, sBTC, others } = toHoldings(agent.tokens);
  const cells: Record<(typeof CSV_COLUMNS)[number], Cell> = {
    rank: agent.rank,
    stxAddress: agent.stxAddress,
    btcAddress: agent.btcAddress,
    displayName: agent.displayName,
    bnsName: agent.bnsName,
    level: agent.level,
    levelName: agent.levelName,
    totalUsd: agent.totalUsd,
    btc: BTC?.amount ?? 0,
    btcUsd: toValue(BTC),
    stx: STX?.amount ?? 0,
    stxUsd: toValue(STX),
    sbtc: sBTC?.amount ?? 0,
    sbtcUsd: toValue(sBTC),
    otherTokens: others.length,
    fetchError: agent.fetchError,
    updatedAt: agent.updatedAt,
    notCounted: toNotCounted([BTC, STX, sBTC]),
  };
  return toRow(CSV_COLUMNS.map((column) => cells[column]));
}

/** Which of the holdings that have a column are no part of the total, and why: `BTC claimed-by-another`. */
function toNotCounted(tokens: readonly (Token | undefined)[]): string {
  return tokens.flatMap((token) => (token?.reason ? [`${token.symbol} ${token.reason}`] : [])).join("; ");
}

/** Nothing held is worth 0, and so is what does not count; what has no known price is worth nothing known. */
function toValue(token: Token | undefined): Cell {
  if (!token) return 0;
  return token.priced ? token.usdValue : null;
}

/** RFC 4180. */
function toRow(cells: readonly Cell[]): string {
  return `${cells.map(toCell).join(",")}\r\n`;
}

function toCell(cell: Cell): string {
  if (typeof cell === "number") return String(cell);
  const text = cell ?? "";
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
