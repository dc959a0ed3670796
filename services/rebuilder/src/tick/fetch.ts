import {
  type Attempt,
  type Budget,
  type Clock,
  fetchBitcoinBalance,
  fetchStacksBalances,
  type HiroRoutes,
  type HostName,
  type Hosts,
  type Http,
  type Source,
  type SourceBalances,
} from "@standings/balances";
import type { RosterPlace } from "@standings/db";
import { findMassChange, type Holders, judgeProbe, type Quarantine } from "../safeguards/falls.ts";

/** Six connections may wait for headers at a time; every worker of the pool holds at most one. */
export const POOL_SIZE = 6;

export const SOURCE_HOSTS = { stacks: "hiro", bitcoin: "mempool" } as const satisfies Record<Source, HostName>;
export const SOURCES = ["stacks", "bitcoin"] as const satisfies readonly Source[];

export interface AgentFetch {
  agent: RosterPlace;
  attempts: Record<Source, Attempt<SourceBalances>>;
  endedAt: number; // Unix milliseconds
}

export interface FetchDeps {
  http: Http;
  hosts: Hosts;
  budget: Budget;
  routes: HiroRoutes;
  deadline: AbortSignal;
  clock: Clock;
  holders: Holders;
  quarantines: readonly Quarantine[];
  isTrusted(source: Source): boolean; // an operator accepted that its balances fell
  newId(): string;
}

export interface ChunkFetch {
  fetches: AgentFetch[];
  quarantines: Quarantine[]; // that stand at the end of the tick
}

/**
 * The attempted agents of a chunk, in its order: from the first on without a gap, each answered or failed on its own.
 * Whoever a 429, a broken host, a quarantine, the budget or the deadline left out is not among them, and comes first
 * next time.
 */
export async function fetchChunk(agents: readonly RosterPlace[], deps: FetchDeps): Promise<ChunkFetch> {
  const fetches: (AgentFetch | undefined)[] = agents.map(() => undefined);
  const standing = new Map(deps.quarantines.map((quarantine) => [quarantine.source, quarantine]));
  let next = 0;
  const takeNext = async () => {
    const index = next++;
    const agent = agents[index];
    if (agent) fetches[index] = await fetchAgent(agent, standing, deps);
  };
  const work = async () => {
    while (next < agents.length && !isStopped(deps)) await takeNext();
  };
  // A recovering host gets one agent at a time as its probe, until it has answered.
  while (next < agents.length && isProbing(standing, deps.hosts) && !isStopped(deps)) await takeNext();
  await Promise.all(Array.from({ length: POOL_SIZE }, work));
  const believed = holdBack(fetches, standing, deps);
  return { fetches: takeAttempted(blameHosts(believed, deps.hosts)), quarantines: [...standing.values()] };
}

type Standing = Map<Source, Quarantine>;

function isProbing(standing: Standing, hosts: Hosts): boolean {
  return SOURCES.some((source) => {
    const host = SOURCE_HOSTS[source];
    return hosts.isHalfOpen(host) || (standing.has(source) && !hosts.isBlocked(host));
  });
}

function isStopped({ hosts, budget, deadline }: FetchDeps): boolean {
  const waitsForHost = SOURCES.some((source) => {
    const host = SOURCE_HOSTS[source];
    return hosts.isBlocked(host) && !hosts.isPassedBy(host);
  });
  return waitsForHost || budget.left < 1 || deadline.aborted;
}

async function fetchAgent(agent: RosterPlace, standing: Standing, deps: FetchDeps): Promise<AgentFetch> {
  const { http, routes, hosts } = deps;
  const settle = (source: Source, attempt: Attempt<SourceBalances>) =>
    passBy(source, probe(source, agent, attempt, standing, deps), hosts);
  const stacks = settle("stacks", await fetchStacksBalances(http, routes, agent.stxAddress));
  const bitcoin: Attempt<SourceBalances> =
    stacks.kind === "postponed" ? stacks : settle("bitcoin", await fetchBitcoinBalance(http, agent.btcAddress));
  return { agent, attempts: { stacks, bitcoin }, endedAt: deps.clock.now() };
}

/** While a quarantine stands, an answer that contradicts it ends it, and one that repeats it is not believed. */
function probe(
  source: Source,
  { stxAddress }: RosterPlace,
  attempt: Attempt<SourceBalances>,
  standing: Standing,
  { holders, hosts }: FetchDeps,
): Attempt<SourceBalances> {
  const quarantine = standing.get(source);
  if (!quarantine || attempt.kind !== "fetched") return attempt;
  const verdict = judgeProbe({ stxAddress, balances: attempt.value.balances }, quarantine, holders);
  if (verdict === "contradicts") standing.delete(source);
  if (verdict !== "repeats") return attempt;
  hosts.distrust(SOURCE_HOSTS[source], QUARANTINED);
  return HELD_BACK;
}

/** When too many agents of the chunk lost a holding at once, none of that source's answers is believed. */
function holdBack(
  fetches: readonly (AgentFetch | undefined)[],
  standing: Standing,
  { holders, hosts, clock, isTrusted, newId }: FetchDeps,
): (AgentFetch | undefined)[] {
  const distrusted = SOURCES.filter((source) => {
    if (standing.has(source) || isTrusted(source)) return false;
    const answers = fetches.flatMap((fetch) => {
      const attempt = fetch?.attempts[source];
      if (!fetch || attempt?.kind !== "fetched") return [];
      return [{ stxAddress: fetch.agent.stxAddress, balances: attempt.value.balances }];
    });
    const change = findMassChange(answers, holders);
    if (!change) return false;
    standing.set(source, { id: `quarantine-${newId().slice(0, 8)}`, source, ...change, since: clock.now() });
    hosts.distrust(SOURCE_HOSTS[source], QUARANTINED);
    return true;
  });
  return fetches.map((fetch) => {
    if (!fetch || distrusted.length === 0) return fetch;
    const attempts = { ...fetch.attempts };
    for (const source of distrusted) {
      if (attempts[source].kind === "fetched") attempts[source] = passBy(source, HELD_BACK, hosts);
    }
    return { ...fetch, attempts };
  });
}

/** What the status says of a host whose answers are held back. */
const QUARANTINED = "quarantined";
const HELD_BACK = { kind: "postponed", reason: "host-blocked" } as const;

/** A host that is passed by fails its agents instead of holding them up: they keep their last good values. */
function passBy(source: Source, attempt: Attempt<SourceBalances>, hosts: Hosts): Attempt<SourceBalances> {
  const isHeldUp = attempt.kind === "postponed" && attempt.reason !== "budget" && attempt.reason !== "deadline";
  return isHeldUp && hosts.isPassedBy(SOURCE_HOSTS[source]) ? { kind: "failed", reason: "host-blocked" } : attempt;
}

/** Failures after a broken host's last good answer are the host's and not their agents'. */
function blameHosts(fetches: readonly (AgentFetch | undefined)[], hosts: Hosts): (AgentFetch | undefined)[] {
  const broken = SOURCES.filter((source) => {
    const host = SOURCE_HOSTS[source];
    return hosts.isBlocked(host) && !hosts.isPassedBy(host);
  });
  const lastGood = Object.fromEntries(
    broken.map((source) => [source, fetches.findLastIndex((fetch) => fetch?.attempts[source].kind === "fetched")]),
  );
  return fetches.map((fetch, index) => {
    const isHosts = broken.some((source) => {
      const attempt = fetch?.attempts[source];
      return attempt?.kind === "failed" && index > (lastGood[source] ?? -1);
    });
    return isHosts ? undefined : fetch;
  });
}

function takeAttempted(fetches: readonly (AgentFetch | undefined)[]): AgentFetch[] {
  const attempted: AgentFetch[] = [];
  for (const fetch of fetches) {
    if (!fetch || SOURCES.some((source) => fetch.attempts[source].kind === "postponed")) break;
    attempted.push(fetch);
  }
  return attempted;
}
