import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentAnswerSchema } from "@standings/api/src/ranking/schema.ts";
import { createRoster, type RosterAgent } from "@standings/upstream-sim";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Board, findFlaws, readBoard } from "../src/board.ts";
import { call, readBody } from "../src/http.ts";
import { createTestFolder, startTestStack, type TestStack, writeRoster } from "../src/test-stack.ts";

// Recorded answers with amounts chosen by hand: the ranking must come out as it was computed on paper.

const [ANN, BEN, CAT, DAN] = createRoster({ agents: 4, seed: "replay" }).agents as [Agent, Agent, Agent, Agent];
type Agent = RosterAgent;

const folder = createTestFolder();
let stack: TestStack;
let board: Board;
beforeAll(async () => {
  const replayDir = join(folder.path, "recorded");
  writeRecording(replayDir, [
    { host: "coingecko", path: "/simple/price", body: { bitcoin: { usd: 100_000.5 }, blockstack: { usd: 0.75 } } },
    spot("BTC", "100000.5"),
    spot("STX", "0.75"),
    // 2 STX, 0.03 sBTC and 5 of a token without a price; 0.5 BTC: 1.50 + 3,000.015 + 50,000.25 = 53,001.765
    stacks(ANN, "2000000", { [SBTC]: "3000000", [UNPRICED]: "5" }),
    bitcoin(ANN, 80_000_000, 30_000_000),
    // 70,670.333333 STX, nothing else: 53,002.74999975, cut to 53,002.749999
    stacks(BEN, "70670333333", {}),
    bitcoin(BEN, 12_345, 12_345),
    // 1 satoshi: 0.00100000..., cut to 0.001000
    stacks(CAT, "0", { [SBTC]: "0" }),
    bitcoin(CAT, 1, 0),
    // The half of DAN that nobody recorded answers 503.
    stacks(DAN, "999000000", {}),
  ]);
  stack = await startTestStack(join(folder.path, "state"), {
    REPLAY_DIR: replayDir,
    ROSTER_FILE: writeRoster(folder.path, [ANN, BEN, CAT, DAN]),
  });
  const { outcome } = await stack.operator.tick();
  expect(outcome).toBe("committed");
  board = await readBoard(stack.origin);
});
afterAll(async () => {
  await stack?.close();
  folder.remove();
});

it("ranks exactly by the recorded amounts", () => {
  expect(findFlaws(board)).toEqual([]);
  expect(board.agents.map((agent) => [agent.rank, agent.stxAddress, agent.totalUsd])).toEqual([
    [1, BEN.stxAddress, 53_002.749999],
    [2, ANN.stxAddress, 53_001.765],
    [3, CAT.stxAddress, 0.001],
  ]);
});

it("shows each holding with its amount and value, the largest first, and none of zero", () => {
  expect(board.prices).toEqual({ BTC: 100_000.5, STX: 0.75, sBTC: 100_000.5 });
  const shown = board.agents.map(({ tokens }) => tokens.map((token) => [token.symbol, token.balance, token.usdValue]));
  expect(shown).toEqual([
    [["STX", "70670333333", 53_002.749999]],
    [
      ["BTC", "50000000", 50_000.25],
      ["sBTC", "3000000", 3_000.015],
      ["STX", "2000000", 1.5],
      [expect.any(String), "5", 0],
    ],
    [["BTC", "1", 0.001]],
  ]);
  expect(board.agents[1]?.tokens[3]).toMatchObject({ priced: false, contract: UNPRICED.split("::")[0] });
});

it("leaves the agent with a missing answer pending, off the board and with what is known of it", async () => {
  expect(board.stats).toMatchObject({ total: 3, pendingCount: 1 });
  const answer = await readBody(await call(`${stack.origin}/api/dashboard/${DAN.stxAddress}`), agentAnswerSchema);
  expect(answer).toMatchObject({
    rank: null,
    pending: true,
    fetchError: "partial",
    updatedAt: null,
    totalUsd: 749.25,
    tokens: [{ symbol: "STX", balance: "999000000" }],
  });
});

it("says in its status what went wrong", async () => {
  const { upstreams, lanes, publication } = await stack.operator.getStatus();
  expect(upstreams.mempool).toMatchObject({ ok: 3, failed: 1, lastError: "http-error 503", gate: "open" });
  expect(lanes).toMatchObject({ stacks: { health: "well" }, bitcoin: { health: "well" } });
  expect(publication).toMatchObject({ agents: 3, pending: 1, coveragePercent: 75 });
  expect(stack.listErrors()).toEqual([]);
});

const SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token";
const UNPRICED = "SP4M2C88EE8RQZPYTC4PZ88CE16YGP825EYF6KBQ.stacks-rock::rock";

interface Recorded {
  host: string;
  path: string;
  body: object;
}

/** The second source, without which no first price is believed. */
function spot(base: string, amount: string): Recorded {
  return { host: "coinbase", path: `/prices/${base}-USD/spot`, body: { data: { amount, base, currency: "USD" } } };
}

function stacks(agent: Agent, stx: string, tokens: Record<string, string>): Recorded {
  const flows = (balance: string) => ({ balance, total_sent: "0", total_received: balance });
  const fungible = Object.entries(tokens).map(([assetId, balance]) => [assetId, flows(balance)]);
  return {
    host: "hiro",
    path: `/extended/v1/address/${agent.stxAddress}/balances`,
    body: { stx: flows(stx), fungible_tokens: Object.fromEntries(fungible), non_fungible_tokens: {} },
  };
}

function bitcoin(agent: Agent, funded: number, spent: number): Recorded {
  const stats = { funded_txo_count: 1, funded_txo_sum: funded, spent_txo_count: 1, spent_txo_sum: spent, tx_count: 2 };
  const none = { funded_txo_count: 0, funded_txo_sum: 0, spent_txo_count: 0, spent_txo_sum: 0, tx_count: 0 };
  const body = { address: agent.btcAddress, chain_stats: stats, mempool_stats: none };
  return { host: "mempool", path: `/address/${agent.btcAddress}`, body };
}

function writeRecording(path: string, recorded: readonly Recorded[]): void {
  mkdirSync(path);
  const answers = recorded.map(({ host, path: route, body }, index) => {
    const file = `${index}.json`;
    writeFileSync(join(path, file), JSON.stringify(body));
    return { host, path: route, status: 200, file };
  });
  writeFileSync(join(path, "index.json"), JSON.stringify({ answers }));
}
