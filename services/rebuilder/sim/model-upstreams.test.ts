import "./remembered.ts";
import {
  type Attempt,
  BTC,
  type Clock,
  createBudget,
  createConnections,
  createGates,
  createHttp,
  fetchBitcoinBalance,
  fetchQuotes,
  fetchStacksBalances,
  fetchWitness,
  type HiroVersion,
  type Http,
  SBTC,
  STX,
} from "@standings/balances";
import { createHosts, createUpstreamFetch, createWorld, type FaultRuleInput, HOSTS } from "@standings/upstream-sim";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONFIG, START_MS } from "./config.ts";
import { ModelUpstreams } from "./model-upstreams.ts";
import { POPULATION } from "./population.ts";
import { Said } from "./said.ts";
import type { Mode } from "./upstream-modes.ts";
import { turn, VirtualClock } from "./virtual-clock.ts";
import { SIP10_TOKENS, SPAM_KINDS, type StacksWallet, toExpectedBalances, toSpam, Wallets } from "./wallets.ts";

// What the simulation takes for upstreams is held against the simulated upstreams: the same holdings, prices and faults
// have to come to the same through the rebuild's own clients.

const [AGENT = { stxAddress: "", btcAddress: "" }] = POPULATION;

interface Case {
  wallet: StacksWallet;
  locked: number; // of its STX, which only the simulated upstreams tell apart
  bitcoin: bigint;
  prices: { BTC: number; STX: number };
  version: HiroVersion;
  mode: Mode;
}

/** The same fault, as the simulated upstreams know it. */
const RULES: Partial<Record<Mode, FaultRuleInput>> = {
  "429": { kind: "429" },
  "429-later": { kind: "429", retryAfter: "1500" },
  "5xx": { kind: "5xx", status: 502 },
  "403": { kind: "custom", status: 403, body: "no", contentType: "text/html" },
  "400": { kind: "custom", status: 400, body: '{"error":"Bad Request"}' },
  "no-block": { kind: "custom", status: 404, body: '{"error":"no current block"}' },
  "422": { kind: "custom", status: 422, body: '{"error":"Missing parameter"}' },
  hangs: { kind: "timeout" },
  network: { kind: "reset" },
  redirect: { kind: "redirect" },
  html: { kind: "html-200" },
  "wrong-types": { kind: "wrong-types" },
  truncated: { kind: "truncated-json" },
  empty: { kind: "empty" },
  huge: { kind: "huge-body" },
  zeros: { kind: "forgets", what: ["stx", "tokens", "btc"] },
  "no-tokens": { kind: "forgets", what: ["tokens"] },
  "v1-gone": { kind: "410", pathPrefix: "/extended/v1/" },
  "ft-429": { kind: "429", pathRegex: "/balances/ft" },
};

const spam = fc.constantFrom(...SPAM_KINDS).map((kind) => toSpam(kind));
const held = fc.constantFrom<[string, string]>(
  ["SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token", "1234"],
  ["SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token-locked", "21"],
  [SIP10_TOKENS[0], "77000"],
  [SIP10_TOKENS[1], "0"],
);
const one: fc.Arbitrary<Case> = fc.record({
  wallet: fc.record({
    stx: fc.bigInt({ min: 0n, max: 2_000_000_000_000_000n }),
    tokens: fc
      .tuple(fc.array(held), fc.array(spam, { maxLength: 2 }))
      .map(([own, sent]) => new Map([...own, ...sent.flat()])),
  }),
  locked: fc.constantFrom(0, 1),
  bitcoin: fc.bigInt({ min: 0n, max: 2_000_000_000_000_000n }),
  prices: fc.record({ BTC: fc.integer({ min: 1, max: 200_000 }), STX: fc.constantFrom(0.0000012, 0.8, 3.25) }),
  version: fc.constantFrom("v1", "v3"),
  mode: fc.constantFrom("ok", "ok", ...(Object.keys(RULES) as Mode[])),
});

describe("the model of the upstreams", () => {
  it("answers as the simulated upstreams do, through the rebuild's own clients", async () => {
    await fc.assert(
      fc.asyncProperty(one, async (what) => {
        expect(await askAll(createModel(what), what)).toEqual(await askAll(createSimulated(what), what));
      }),
      { numRuns: 150 },
    );
  });

  it("says of every wallet what a complete answer is read as, by either generation of Hiro's routes", async () => {
    await fc.assert(
      fc.asyncProperty(one, async (what) => {
        const well = { ...what, mode: "ok" as const };
        const { http, drive } = createModel(well);
        const answer = await drive(fetchStacksBalances(http, { version: what.version }, AGENT.stxAddress));
        const balances = answer.kind === "fetched" ? answer.value.balances : [];
        const read = balances.map(({ tokenId, rawAmount }) => [tokenId, rawAmount.toString()] as const);
        expect(new Map(read)).toEqual(toExpectedBalances(what.wallet));
      }),
      { numRuns: 100 },
    );
  });
});

interface Asked {
  http: Http;
  clock: Clock;
  gates: ReturnType<typeof createGates>;
  /** Lets time pass until the call has ended. */
  drive<T>(call: Promise<T>): Promise<T>;
}

/** Every kind of call that the rebuild makes, with when it may be made again. */
async function askAll({ http, clock, gates, drive }: Asked, { version }: Case) {
  const routes = { version };
  const stacks = toComparable(await drive(fetchStacksBalances(http, routes, AGENT.stxAddress)));
  const bitcoin = toComparable(await drive(fetchBitcoinBalance(http, AGENT.btcAddress)));
  const witnesses: unknown[] = [];
  for (const tokenId of [STX, SBTC, BTC]) witnesses.push(toComparable(await drive(fetchWitness(http, AGENT, tokenId))));
  const quotes = await drive(fetchQuotes(http, clock));
  const closed = Object.entries(gates.end().states).map(([host, { notBefore }]) => {
    return [host, notBefore === null ? null : Math.round((notBefore - START_MS) / 60_000)];
  });
  return {
    routes,
    stacks,
    bitcoin,
    witnesses,
    quotes: Object.entries(quotes).map(([tokenId, of]) => [
      tokenId,
      of.map(({ priceUsd, source }) => [priceUsd, source]),
    ]),
    closed,
  };
}

function toComparable<T>(attempt: Attempt<T>): unknown {
  return attempt.kind === "fetched" ? { kind: attempt.kind, value: attempt.value } : attempt;
}

function createModel(what: Case): Asked {
  const clock = new VirtualClock(START_MS);
  const wallets = new Wallets(1);
  wallets.setStacks(AGENT.stxAddress, what.wallet);
  wallets.setBitcoin(AGENT.btcAddress, what.bitcoin);
  const now = () => clock.read();
  const model = new ModelUpstreams({ seed: 1, wallets, said: new Said(), now, trueNow: now });
  model.market = what.prices;
  for (const service of Object.keys(model.modes) as (keyof typeof model.modes)[]) model.modes[service] = what.mode;
  const view = clock.view(() => true);
  const caller = { clock: view, inFlight: 0, notBefore: new Map() };
  return toAsked(clock, (url, init) => {
    const [, , host = "", ...parts] = String(url).split("/");
    const path = `/${parts.join("/")}`;
    const name = host === "mempool" && path === "/v1/prices" ? "mempool-prices" : host;
    return model.fetch(name as Parameters<typeof model.fetch>[0], path, init, caller);
  });
}

function createSimulated(what: Case): Asked {
  const clock = new VirtualClock(START_MS);
  const world = createWorld({ populated: false, clock: () => clock.read() });
  const stx = what.wallet.stx;
  world.holdings.stx.set(AGENT.stxAddress, { balance: stx, locked: what.locked === 1 ? stx / 2n : 0n });
  world.holdings.tokens.set(AGENT.stxAddress, Object.fromEntries(what.wallet.tokens));
  world.holdings.btc.set(AGENT.btcAddress, { funded: what.bitcoin + 7n, spent: 7n });
  world.prices.pin(what.prices);
  const urls = Object.fromEntries(HOSTS.map((host) => [host, `https://${host}`]));
  const upstream = createUpstreamFetch(createHosts(world), urls);
  const rule = RULES[what.mode];
  upstream.faults.set(rule ? [rule] : []);
  return toAsked(clock, upstream.fetch);
}

function toAsked(virtual: VirtualClock, fetch: typeof globalThis.fetch): Asked {
  const clock = virtual.view(() => true);
  const { monthlyBudgets, baseUrls, headers, idleMs } = CONFIG;
  const gates = createGates({ states: {}, clock, closedMs: idleMs, monthlyBudgets });
  const deadline = new AbortController().signal;
  const connections = createConnections();
  return {
    http: createHttp({ fetch, baseUrls, headers, budget: createBudget(1_000), gates, connections, clock, deadline }),
    clock,
    gates,
    async drive(call) {
      let hasEnded = false;
      const end = () => {
        hasEnded = true;
      };
      call.then(end, end);
      while (!hasEnded) {
        // A body comes in pieces: time passes when nothing has come for a while.
        for (let idle = 0; idle < 200 && !hasEnded; idle++) await turn();
        if (!hasEnded) virtual.fireNext();
      }
      return call;
    },
  };
}
