import { BTC, SBTC, STX, valueUsdMicros } from "@standings/balances";
import {
  type AcceptedPrice,
  ADDRESS_CHANGED,
  type NewPublication,
  type Progress,
  type TickWrites,
} from "@standings/db";
import type { RowUse, Store } from "../src/tick/store.ts";

// D1 as plain maps: what the statements of packages/db do, said once more in the plainest way. A test in workerd holds
// the two against each other.

export interface ModelAgent {
  btcAddress: string;
  displayName: string | null;
  removedAt: number | null;
}

export interface ModelFetch {
  rotation: number;
  stacks: { attemptedAt: number | null; goodAt: number | null; error: string | null };
  bitcoin: { attemptedAt: number | null; goodAt: number | null; error: string | null };
}

export interface ModelPublication {
  version: number;
  rotation: number;
  publishedAt: number;
  staleAfter: number;
  pending: number;
  standings: { stxAddress: string; totalUsd: number; partial: boolean }[]; // in rank order
}

const RANKED = [STX, SBTC, BTC];

export class ModelDatabase {
  agents = new Map<string, ModelAgent>();
  fetches = new Map<string, ModelFetch>();
  balances = new Map<string, Map<string, { raw: bigint; source: "stacks" | "bitcoin" }>>();
  prices = new Map<string, AcceptedPrice>();
  commits: { epoch: number; tickId: string; startedAt: number; agents: number }[] = [];
  publications: ModelPublication[] = [];

  listed(): string[] {
    return [...this.agents]
      .filter(([, agent]) => agent.removedAt === null)
      .map(([address]) => address)
      .sort();
  }

  getProgress(): Progress {
    const published = this.publications.at(-1)?.rotation ?? 0;
    const rotation = Math.max(published, ...[...this.fetches.values()].map((fetch) => fetch.rotation));
    const attempted = this.listed().filter((address) => this.fetches.get(address)?.rotation === rotation);
    return {
      epoch: this.commits.at(-1)?.epoch ?? 0,
      version: this.publications.at(-1)?.version ?? 0,
      rotation,
      lastAttempted: attempted.at(-1) ?? "",
      processed: attempted.length,
      agents: this.listed().length,
    };
  }

  getHolders(addresses: readonly string[]): Map<string, Set<string>> {
    const holders = new Map<string, Set<string>>();
    for (const address of addresses) {
      for (const [tokenId, { raw }] of this.balances.get(address) ?? []) {
        if (raw === 0n || !RANKED.includes(tokenId)) continue;
        holders.set(tokenId, (holders.get(tokenId) ?? new Set()).add(address));
      }
    }
    return holders;
  }

  applyRoster(roster: Parameters<Store["applyRoster"]>[0], nowMs: number): void {
    for (const { stxAddress, btcAddress, displayName } of roster) {
      const fetch = this.fetches.get(stxAddress);
      const known = this.agents.get(stxAddress);
      if (fetch?.bitcoin.goodAt != null && known && known.btcAddress !== btcAddress)
        fetch.bitcoin.error = ADDRESS_CHANGED;
      this.agents.set(stxAddress, { btcAddress, displayName, removedAt: null });
    }
    const listed = new Set(roster.map((agent) => agent.stxAddress));
    for (const [address, agent] of this.agents) {
      if (!listed.has(address) && agent.removedAt === null) agent.removedAt = nowMs;
    }
  }

  commit(writes: TickWrites, publication: NewPublication | undefined): RowUse {
    const { epoch, tick_id: tickId, started_at: startedAt, agents } = writes.commit;
    if (this.commits.some((commit) => commit.epoch === epoch))
      throw new Error("UNIQUE constraint failed: tick_commits.epoch");
    this.commits.push({ epoch, tickId, startedAt, agents });
    for (const price of writes.prices) this.prices.set(price.tokenId, price);
    for (const write of writes.sources) this.#writeSource(write, writes.rotation);
    if (publication) this.#publish(publication);
    return { rowsRead: 0, rowsWritten: 0 };
  }

  #writeSource(write: TickWrites["sources"][number], rotation: number): void {
    const { agentAddress, source, attemptedAt, answer } = write;
    const fetch = this.fetches.get(agentAddress) ?? newFetch();
    this.fetches.set(agentAddress, { ...fetch, rotation });
    if ("error" in answer) {
      const { goodAt } = fetch[source];
      this.fetches.set(agentAddress, { ...fetch, rotation, [source]: { attemptedAt, goodAt, error: answer.error } });
      return;
    }
    this.fetches.set(agentAddress, { ...fetch, rotation, [source]: { attemptedAt, goodAt: attemptedAt, error: null } });
    const balances = this.balances.get(agentAddress) ?? new Map();
    for (const [tokenId, held] of balances) {
      if (held.source !== source) continue;
      if (RANKED.includes(tokenId)) balances.set(tokenId, { raw: 0n, source });
      else balances.delete(tokenId);
    }
    for (const { tokenId, rawAmount } of answer.balances) balances.set(tokenId, { raw: BigInt(rawAmount), source });
    this.balances.set(agentAddress, balances);
  }

  #publish({ version, rotation, publishedAt, staleAfter }: NewPublication): void {
    const listed = this.listed();
    const ranked = listed.filter((address) => {
      const fetch = this.fetches.get(address);
      return fetch?.stacks.goodAt != null && fetch.bitcoin.goodAt != null;
    });
    const standings = ranked
      .map((stxAddress) => ({ stxAddress, totalUsd: this.totalUsd(stxAddress), partial: this.isPartial(stxAddress) }))
      .sort((a, b) => b.totalUsd - a.totalUsd || (a.stxAddress < b.stxAddress ? -1 : 1));
    const pending = listed.length - ranked.length;
    this.publications.push({ version, rotation, publishedAt, staleAfter, pending, standings });
    this.publications = this.publications.slice(-2);
  }

  totalUsd(stxAddress: string): number {
    let total = 0n;
    for (const [tokenId, { raw }] of this.balances.get(stxAddress) ?? []) {
      const price = this.prices.get(tokenId);
      if (price && RANKED.includes(tokenId)) total += valueUsdMicros(raw, tokenId === STX ? 6 : 8, price.priceUsd);
    }
    return Number(total);
  }

  isPartial(stxAddress: string): boolean {
    const fetch = this.fetches.get(stxAddress);
    return fetch?.stacks.error != null || fetch?.bitcoin.error != null;
  }
}

function newFetch(): ModelFetch {
  const never = { attemptedAt: null, goodAt: null, error: null };
  return { rotation: 0, stacks: never, bitcoin: never };
}
