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
}

/**
 * The attempted agents of a chunk, in its order: from the first on without a gap, each answered or failed on its own.
 * Whoever a 429, a broken host, the budget or the deadline left out is not among them, and comes first next time.
 */
export async function fetchChunk(agents: readonly RosterPlace[], deps: FetchDeps): Promise<AgentFetch[]> {
  const fetches: (AgentFetch | undefined)[] = agents.map(() => undefined);
  let next = 0;
  const takeNext = async () => {
    const index = next++;
    const agent = agents[index];
    if (agent) fetches[index] = await fetchAgent(agent, deps);
  };
  const work = async () => {
    while (next < agents.length && !isStopped(deps)) await takeNext();
  };
  // A recovering host gets one agent at a time as its probe, until it has answered.
  while (next < agents.length && isProbing(deps.hosts) && !isStopped(deps)) await takeNext();
  await Promise.all(Array.from({ length: POOL_SIZE }, work));
  return takeAttempted(blameHosts(fetches, deps.hosts));
}

function isProbing(hosts: Hosts): boolean {
  return SOURCES.some((source) => hosts.isHalfOpen(SOURCE_HOSTS[source]));
}

function isStopped({ hosts, budget, deadline }: FetchDeps): boolean {
  const waitsForHost = SOURCES.some((source) => {
    const host = SOURCE_HOSTS[source];
    return hosts.isBlocked(host) && !hosts.isPassedBy(host);
  });
  return waitsForHost || budget.left < 1 || deadline.aborted;
}

async function fetchAgent(agent: RosterPlace, deps: FetchDeps): Promise<AgentFetch> {
  const { http, routes, hosts } = deps;
  const stacks = passBy("stacks", await fetchStacksBalances(http, routes, agent.stxAddress), hosts);
  const bitcoin: Attempt<SourceBalances> =
    stacks.kind === "postponed" ? stacks : passBy("bitcoin", await fetchBitcoinBalance(http, agent.btcAddress), hosts);
  return { agent, attempts: { stacks, bitcoin }, endedAt: deps.clock.now() };
}

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
