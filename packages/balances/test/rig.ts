import { type Budget, createBudget } from "../src/clients/budget.ts";
import { type Connections, createConnections } from "../src/clients/connections.ts";
import { createGates, type Gates } from "../src/clients/gates.ts";
import { BUDGET_HOSTS, type BudgetHost, type HostName, type HostState } from "../src/clients/hosts.ts";
import { createHttp, type Http } from "../src/clients/http.ts";
import { type Clock, systemClock } from "../src/clock.ts";
import { SBTC_ASSET_IDENTIFIER } from "../src/tokens/assets.ts";

export const PRINCIPAL = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7";
export const ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
export const SPAM = "SP2C2YFP12AJZB4MABJBAJ55XECVS7E4PMMZ89YZR.spam";

export const NO_BUDGETS = Object.fromEntries(BUDGET_HOSTS.map((host) => [host, 0])) as Record<BudgetHost, number>;

const BASE_URLS: Record<HostName, string> = {
  hiro: "https://hiro.example/",
  mempool: "https://mempool.example/some/api/",
  "mempool-prices": "https://mempool.example/some/api/",
  coingecko: "https://coingecko.example",
  coinbase: "https://coinbase.example",
  blockstream: "https://blockstream.example/api",
};

export interface RigOptions {
  budget?: number;
  monthlyBudgets?: Partial<Record<BudgetHost, number>>;
  states?: Partial<Record<HostName, HostState>>;
  headers?: Partial<Record<HostName, Record<string, string>>>;
  timeoutMs?: number;
  deadline?: AbortSignal;
  nowMs?: number;
  closedMs?: number;
  connections?: Connections;
}

export interface Rig {
  http: Http;
  gates: Gates;
  budget: Budget;
  clock: Clock;
  requests: { url: string; init: RequestInit | undefined }[];
  paths: string[]; // without the host's base URL
}

/** The client over a fetch in the test's hands; its clock stands still. */
export function createRig(answer: (path: string, init?: RequestInit) => Response, options: RigOptions = {}): Rig {
  const requests: Rig["requests"] = [];
  const paths: string[] = [];
  const clock: Clock = { ...systemClock, now: () => options.nowMs ?? 0 };
  const budget = createBudget(options.budget ?? 100);
  const gates = createGates({
    states: options.states ?? {},
    clock,
    closedMs: options.closedMs ?? 600_000,
    monthlyBudgets: { ...NO_BUDGETS, ...options.monthlyBudgets },
  });
  const http = createHttp({
    async fetch(input, init) {
      const url = String(input);
      requests.push({ url, init });
      const path = url.replace(/^https:\/\/[^/]+(?:\/some)?(?:\/api)?/, "");
      paths.push(path);
      const response = answer(path, init);
      return response.body && init?.signal ? abortable(response, init.signal) : response;
    },
    baseUrls: BASE_URLS,
    headers: options.headers ?? {},
    budget,
    gates,
    connections: options.connections ?? createConnections(),
    clock,
    deadline: options.deadline ?? new AbortController().signal,
    ...(options.timeoutMs && { timeoutMs: options.timeoutMs }),
  });
  return { http, gates, budget, clock, requests, paths };
}

/** As on the platform: an abort ends the body too. */
function abortable(response: Response, signal: AbortSignal): Response {
  const { readable, writable } = new TransformStream();
  response.body?.pipeTo(writable, { signal }).catch(() => {});
  return new Response(readable, response);
}

export function json(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}

export function rateLimited(seconds?: number): Response {
  return new Response("", { status: 429, ...(seconds !== undefined && { headers: { "retry-after": `${seconds}` } }) });
}

export function v1(stx: unknown, tokens: Record<string, unknown> = {}): Response {
  const fungible_tokens = Object.fromEntries(Object.entries(tokens).map(([id, balance]) => [id, { balance }]));
  return Response.json({ stx: { balance: stx, locked: "0" }, fungible_tokens, non_fungible_tokens: {} });
}

/** A page of v3's tokens: each of SPAM's sisters by the name of its asset. */
export function ftPage(tokens: [string, string][], next: string | null = null, total = tokens.length): Response {
  const results = tokens.map(([name, balance]) => ({ asset_identifier: `${SPAM}-${name}::${name}`, balance }));
  return Response.json({ total, limit: 200, cursor: { next, previous: null, current: null }, results });
}

/** v3 of an agent with 77 micro-STX and 9 satoshi of sBTC. */
export function v3(path: string): Response {
  if (path.endsWith("/stx")) return Response.json({ balance: "77", available: "77", locked: null, mempool: null });
  const results = [{ asset_identifier: SBTC_ASSET_IDENTIFIER, balance: "9" }];
  return Response.json({ total: 1, limit: 200, cursor: { next: null, previous: null, current: null }, results });
}

export function stats(funded: number, spent: number) {
  return { address: ADDRESS, chain_stats: { funded_txo_sum: funded, spent_txo_sum: spent } };
}
