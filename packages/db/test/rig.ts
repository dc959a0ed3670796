import { env } from "cloudflare:workers";
import {
  type AcceptedPrice,
  compilePublish,
  compileTickWrites,
  createDb,
  getListedAgents,
  getStored,
  type Lane,
  type LaneAnswer,
  type NewPublication,
  type NewTickCommit,
  type RosterAgent,
  type StoredAgent,
  type TickWrites,
} from "../src/index.ts";

export const db = createDb(env.DB);

export const ALICE = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7";
export const BOB = "SP3JR7JXFT7ZM9JKSQPBQG1HPT0D365MA5TN0P12E";
export const CAROL = "SPKH9AWG0ENZ87J1X0PBD4HETP22G8W22AFNVF8K";
export const SPAM = "SP3NE50GEXFG9SZGTT51P40X2CKYSZ5CC4ZTZ7A2G.spam";

export const PRICES: AcceptedPrice[] = [
  { tokenId: "stx", priceUsd: 0.8, pricedAt: 900, source: "coingecko" },
  { tokenId: "btc-l1", priceUsd: 100_000, pricedAt: 950, source: "coingecko" },
  { tokenId: "sbtc", priceUsd: 100_000, pricedAt: 950, source: "coingecko" },
];

/** An empty database, but for the three coins without a price. */
export async function wipe(): Promise<void> {
  const tables = ["standings", "publications", "balances", "fetches", "tick_commits", "agents", "agent_words"];
  await env.DB.batch(
    [...tables, "freshness", "operator_actions"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  );
  await env.DB.prepare("UPDATE tokens SET price_usd = NULL, priced_at = NULL, price_source = NULL").run();
  await env.DB.prepare("DELETE FROM tokens WHERE ranked = 0").run();
}

export function agent(stx_address: string, changes: Partial<RosterAgent> = {}): RosterAgent {
  return {
    stx_address,
    btc_address: `bc1-${stx_address.slice(-8).toLowerCase()}`,
    display_name: null,
    bns_name: null,
    level: 1,
    level_name: "Verified Agent",
    verified_at: null,
    erc8004_agent_id: null,
    ...changes,
  };
}

/** A whole answer or a failure of one lane of one agent, as the rebuilder gathers it. */
export interface Answered {
  agent: string;
  lane: Lane;
  asked?: string; // missing = the address as it is stored
  at: number;
  tokens?: Record<string, bigint>;
  error?: string;
  heldSince?: number;
  rotation?: number;
}

export function stacks(agent: string, tokens: Record<string, bigint>, at = 1_000): Answered {
  return { agent, lane: "stacks", at, tokens };
}

export function bitcoin(agent: string, raw: bigint, at = 1_000): Answered {
  return { agent, lane: "bitcoin", at, tokens: { "btc-l1": raw } };
}

export function failed(agent: string, lane: Lane, at: number): Answered {
  return { agent, lane, at, error: "timeout" };
}

/** The writes of whole answers: what differs from what is stored, as the rebuilder would find it. */
export async function toWrites(answered: readonly Answered[]): Promise<Partial<TickWrites>> {
  const stored = await getStored(db, [...new Set(answered.map((answer) => answer.agent))]);
  const upserts: TickWrites["upserts"][number][] = [];
  const deletes: TickWrites["deletes"][number][] = [];
  const newTokens = new Map<string, string>();
  for (const answer of answered) {
    if (!answer.tokens) continue;
    const known = stored.agents.get(answer.agent);
    const asked = toAsked(answer, known);
    const tokens = new Map(Object.entries(answer.tokens).map(([id, raw]) => [id, raw.toString()]));
    for (const id of known?.tokens.keys() ?? []) {
      if ((id === "btc-l1") !== (answer.lane === "bitcoin") || tokens.has(id)) continue;
      if (stored.countedTokens.has(id)) tokens.set(id, "0");
      else deletes.push({ agent: answer.agent, tokenId: id, asked });
    }
    const provider = answer.lane === "stacks" ? "hiro" : "mempool.space";
    for (const [tokenId, raw] of tokens) {
      if (known?.tokens.get(tokenId) === raw) continue;
      upserts.push({ agent: answer.agent, tokenId, raw, at: answer.at, provider, asked });
      newTokens.set(tokenId, tokenId.slice(-8));
    }
  }
  return {
    upserts,
    deletes,
    newTokens: [...newTokens].map(([tokenId, symbol]) => ({ tokenId, symbol })),
    answers: answered.map((answer) => toLaneAnswer(answer, stored.agents.get(answer.agent))),
  };
}

export function toLaneAnswer(answer: Answered, known: StoredAgent | undefined): LaneAnswer {
  const { agent, lane, at, tokens, error, heldSince, rotation } = answer;
  return {
    agent,
    lane,
    asked: toAsked(answer, known),
    at,
    error: error ?? null,
    leftOut: tokens && lane === "stacks" ? 0 : null,
    heldSince: heldSince ?? null,
    rotation: rotation ?? 1,
  };
}

function toAsked({ asked, agent, lane }: Answered, known: StoredAgent | undefined): string {
  return asked ?? (lane === "stacks" ? agent : (known?.btcAddress ?? "never-listed"));
}

export function toCommit(epoch: number, changes: Partial<NewTickCommit> = {}): NewTickCommit {
  return {
    epoch,
    tick_id: `tick-${epoch}-${Math.random()}`,
    trigger: "alarm",
    started_at: 1,
    committed_at: 2,
    agents: 1,
    failed: 0,
    subrequests: 3,
    outcome: "committed",
    place: "{}",
    ...changes,
  };
}

export function publication(version: number, changes: Partial<NewPublication> = {}): NewPublication {
  return { version, epoch: version, rotation: 1, publishedAt: 1_000, staleAfter: 2_000, ...changes };
}

export interface TickOf extends Partial<TickWrites> {
  epoch?: number; // missing = the next one
  answered?: readonly Answered[];
  publish?: Partial<NewPublication> & { version: number };
}

/** One tick's batch. @returns what it wrote and read */
export async function tick({ epoch, answered = [], publish, ...writes }: TickOf = {}) {
  const nothing = { roster: null, prices: [], newTokens: [], upserts: [], deletes: [], answers: [], releases: [] };
  return db.batch([
    ...compileTickWrites(db, {
      commit: toCommit(epoch ?? (await nextEpoch())),
      ...nothing,
      freshness: null,
      prune: false,
      ...(await toWrites(answered)),
      ...writes,
    }),
    ...(publish ? compilePublish(db, publication(publish.version, publish)) : []),
  ]);
}

/** Makes `agents` the roster, in a tick of its own with only what differs. @returns what it wrote and read */
export async function applyRoster(agents: readonly RosterAgent[], at = 1) {
  const listed = new Map((await getListedAgents(db)).map((one) => [one.stx_address, JSON.stringify(one)]));
  const now = new Set(agents.map((one) => one.stx_address));
  const upserts = agents.filter((one) => listed.get(one.stx_address) !== JSON.stringify(one));
  const removed = [...listed.keys()].filter((address) => !now.has(address));
  return tick({ roster: { upserts, removed, at } });
}

async function nextEpoch(): Promise<number> {
  const row = await db.selectFrom("tick_commits").select("epoch").orderBy("epoch", "desc").executeTakeFirst();
  return (row?.epoch ?? 0) + 1;
}

/** [token id, amount, value] of every balance of an agent. */
export async function balances(agent: string) {
  const rows = await db.selectFrom("balances").selectAll().where("agent_address", "=", agent).execute();
  return rows.map((row) => [row.token_id, row.raw_amount, row.usd_value]).sort();
}

export async function fetchOf(agent: string) {
  return db.selectFrom("fetches").selectAll().where("agent_address", "=", agent).executeTakeFirstOrThrow();
}

export async function versions(): Promise<number[]> {
  const rows = await db.selectFrom("publications").select("version").orderBy("version").execute();
  return rows.map((row) => row.version);
}
