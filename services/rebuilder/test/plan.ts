import { BTC, type LaneBalances, SBTC, STX } from "@standings/balances";
import type { StoredAgent, StoredLane } from "@standings/db";
import { NEW_LANE } from "../src/safeguards/lane-health.ts";
import { NEW_ROSTER } from "../src/safeguards/roster-shrink.ts";
import type { AgentAnswer } from "../src/tick/ask-lane.ts";
import { NEW_LANE_PLACE } from "../src/tick/lanes.ts";
import type { LanePlan, Plan } from "../src/tick/plan.ts";

export const AGENT = { stxAddress: "SP1", btcAddress: "bc1" };
export const TOKEN = "SP2C2YFP12AJZB4MABJBAJ55XECVS7E4PMMZ89YZR.spam";

const WELL: StoredLane = { goodAt: 1, error: null, heldSince: null };

/** A plan about one agent that holds 5 micro-STX, 7 satoshi of sBTC, 9 of BTC and 3 of a stranger's token. */
export function planOf(changes: Partial<Plan> = {}, stored: Partial<StoredAgent> = {}): Plan {
  const tokens = new Map([
    [STX, "5"],
    [SBTC, "7"],
    [BTC, "9"],
    [TOKEN, "3"],
  ]);
  const agent: StoredAgent = {
    btcAddress: AGENT.btcAddress,
    listed: true,
    tokens,
    stacks: WELL,
    bitcoin: WELL,
    ...stored,
  };
  return {
    epoch: 4,
    version: 3,
    place: { agents: 1, resets: 0, stacks: NEW_LANE_PLACE, bitcoin: NEW_LANE_PLACE },
    listedAgents: 1,
    highestRotation: 2,
    roster: { change: null, memory: NEW_ROSTER, hold: undefined },
    lanes: { stacks: lanePlan(8), bitcoin: lanePlan(9) },
    stored: { agents: new Map([[AGENT.stxAddress, agent]]), countedTokens: new Set([STX, SBTC, BTC]) },
    lastGoodPrices: [BTC, STX, SBTC].map((tokenId) => ({ tokenId, priceUsd: 1, pricedAt: 1, source: "coinbase" })),
    hasPublication: true,
    ...changes,
  };
}

function lanePlan(rotation: number): LanePlan {
  return {
    place: { ...NEW_LANE_PLACE, rotation },
    memory: NEW_LANE,
    agents: [AGENT],
    endsRotation: false,
    probes: [],
    sample: null,
    waitsFor: null,
    chunkSize: 100,
    span: null,
    skipped: new Set(),
    newlySkipped: null,
  };
}

/** A complete answer with these amounts. */
export function fetched(amounts: Record<string, bigint>, leftOut = 0): AgentAnswer {
  const balances = Object.entries(amounts).map(([tokenId, rawAmount]) => ({ tokenId, symbol: tokenId, rawAmount }));
  const value: LaneBalances = { provider: "hiro", balances, leftOut };
  return { agent: AGENT, attempt: { kind: "fetched", value, at: 50 }, at: 50 };
}

export function failed(status = 503): AgentAnswer {
  return { agent: AGENT, attempt: { kind: "failed", reason: "http-error", status }, at: 50 };
}

export { NEW_CONTROL, NEW_STATE } from "../src/rebuild/state.ts";
