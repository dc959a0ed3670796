import { BTC } from "@standings/balances";
import {
  type AcceptedPrice,
  ADDRESS_CHANGED,
  type AgentRow,
  type BalanceRow,
  FALL_HELD,
  type FetchRow,
  type FreshnessRead,
  type FreshnessWrite,
  KEEP_FRESH_RETURN_MS,
  KEPT_TICK_COMMITS,
  type Lane,
  type ListedAgent,
  type NewPublication,
  type NewTickCommit,
  type OperatorAction,
  type PlanRead,
  type RosterPlace,
  type Stored,
  type StoredAgent,
  type TickWrites,
} from "@standings/db";
import { countAges, toStandings, toUsdMicros } from "./model-ranking.ts";
import { pruneAgents, pruneVersions } from "./model-retention.ts";
import { type BalanceChange, LANES, type ModelPublication, newFetch, newTables, type Tables } from "./model-tables.ts";

// D1 as plain maps: what the statements of packages/db do, said once more in the plainest way. A test in workerd holds
// the two against each other.

export class ModelDatabase {
  tables = newTables();
  #listed: AgentRow[] | undefined; // undefined = to be sorted anew

  /** A copy that later writes do not reach. */
  backup(): Tables {
    return structuredClone(this.tables);
  }

  /** Goes back in time. */
  restore(tables: Tables): void {
    this.tables = structuredClone(tables);
    this.#listed = undefined;
  }

  /** Agents in the roster, by address. */
  get listed(): readonly AgentRow[] {
    this.#listed ??= [...this.tables.agents.values()]
      .filter((agent) => agent.removed_at === null)
      .sort((a, b) => (a.stx_address < b.stx_address ? -1 : 1));
    return this.#listed;
  }

  get newestCommit(): NewTickCommit | undefined {
    return this.tables.commits.get(this.tables.newestEpoch);
  }

  get newestPublication(): ModelPublication | undefined {
    const { publications } = this.tables;
    return publications.get(Math.max(...publications.keys()));
  }

  // ---- reads

  readPlan(): PlanRead {
    const commit = this.newestCommit;
    const publication = this.newestPublication;
    const hasNoPlace = commit === undefined || commit.place === null;
    const rotations = [...this.tables.fetches.values()].map((fetch) => fetch.rotation);
    return {
      commit: commit
        ? { epoch: commit.epoch, tickId: commit.tick_id, committedAt: commit.committed_at, place: commit.place }
        : null,
      publication: publication
        ? { version: publication.version, rotation: publication.rotation, publishedAt: publication.publishedAt }
        : null,
      fetchesRotation: hasNoPlace && rotations.length > 0 ? Math.max(...rotations) : null,
      listedAgents: hasNoPlace ? this.listed.length : null,
      prices: this.getPrices(),
    };
  }

  getPrices(): AcceptedPrice[] {
    return [...this.tables.tokens.values()].flatMap(({ token_id: tokenId, price_usd, priced_at, price_source }) =>
      price_usd === null || priced_at === null || price_source === null
        ? []
        : [{ tokenId, priceUsd: price_usd, pricedAt: priced_at, source: price_source }],
    );
  }

  getListedAgents(): ListedAgent[] {
    return this.listed.map(({ listed_at: _listed, removed_at: _removed, ...agent }) => agent);
  }

  listAgentsAfter(places: Record<Lane, { cursor: string; limit: number }>): Record<Lane, RosterPlace[]> {
    const after = ({ cursor, limit }: { cursor: string; limit: number }) =>
      this.listed
        .filter(({ stx_address }) => stx_address > cursor)
        .slice(0, limit)
        .map(({ stx_address: stxAddress, btc_address: btcAddress }) => ({ stxAddress, btcAddress }));
    return { stacks: after(places.stacks), bitcoin: after(places.bitcoin) };
  }

  getStored(addresses: readonly string[]): Stored {
    const agents = new Map<string, StoredAgent>();
    for (const address of addresses) {
      const agent = this.tables.agents.get(address);
      if (!agent) continue;
      const fetch = this.tables.fetches.get(address);
      const tokens = new Map([...(this.tables.balances.get(address) ?? [])].map(([id, row]) => [id, row.raw_amount]));
      agents.set(address, {
        btcAddress: agent.btc_address,
        listed: agent.removed_at === null,
        tokens,
        stacks: {
          goodAt: fetch?.stacks_good_at ?? null,
          error: fetch?.stacks_error ?? null,
          heldSince: fetch?.stacks_held_since ?? null,
        },
        bitcoin: {
          goodAt: fetch?.bitcoin_good_at ?? null,
          error: fetch?.bitcoin_error ?? null,
          heldSince: fetch?.bitcoin_held_since ?? null,
        },
      });
    }
    const counted = [...this.tables.tokens.values()].filter(({ ranked }) => ranked === 1);
    return { agents, countedTokens: new Set(counted.map(({ token_id }) => token_id)) };
  }

  readFreshness(): FreshnessRead | undefined {
    const row = this.tables.freshness;
    if (!row) return undefined;
    return {
      writtenAt: row.written_at,
      facts: JSON.parse(row.facts),
      ranked: row.ranked,
      countedAt: row.counted_at,
      ages: {
        stacks: { tenthAt: row.stacks_tenth_at, halfAt: row.stacks_half_at, failed: row.stacks_failed },
        bitcoin: { tenthAt: row.bitcoin_tenth_at, halfAt: row.bitcoin_half_at, failed: row.bitcoin_failed },
      },
    };
  }

  // ---- writes

  /** One tick's batch, whole or not at all. @returns the balances that it changed */
  commit(writes: TickWrites, publication: NewPublication | undefined): BalanceChange[] {
    this.#insertCommit(writes.commit);
    const changes: BalanceChange[] = [];
    if (writes.roster) this.#changeRoster(writes.roster);
    for (const price of writes.prices) this.#setPrice(price);
    for (const { tokenId, symbol } of writes.newTokens) this.#addToken(tokenId, symbol);
    this.#release(writes.releases, changes);
    for (const upsert of writes.upserts) this.#upsert(upsert, changes);
    for (const one of writes.deletes) this.#delete(one, changes);
    this.#writeAnswers(writes.answers);
    if (writes.freshness) this.writeFreshness(writes.freshness);
    if (writes.prune) this.#pruneTokens();
    for (const epoch of this.tables.commits.keys()) {
      if (epoch > writes.commit.epoch - KEPT_TICK_COMMITS) break; // in the order they came
      this.tables.commits.delete(epoch);
    }
    if (publication) this.#publish(publication);
    return changes;
  }

  /** A publication in a batch of its own. */
  publish(fence: NewTickCommit, publication: NewPublication, freshness: FreshnessWrite): void {
    this.#insertCommit(fence);
    this.#publish(publication);
    this.writeFreshness(freshness);
  }

  writeActions(actions: readonly OperatorAction[], freshness: FreshnessWrite | null): void {
    for (const action of actions) {
      if (!this.tables.actions.has(action.id)) this.tables.actions.set(action.id, action);
    }
    if (freshness) this.writeFreshness(freshness);
  }

  writeFreshness({ facts, at, count }: FreshnessWrite): void {
    const counted = count ? countAges(this.tables, this.listed, at) : this.tables.freshness;
    const never = { ranked: 0, counted_at: null, stacks_tenth_at: null, stacks_half_at: null, stacks_failed: 0 };
    const neither = { ...never, bitcoin_tenth_at: null, bitcoin_half_at: null, bitcoin_failed: 0 };
    this.tables.freshness = { ...neither, ...counted, id: 1, written_at: at, facts };
  }

  #insertCommit(commit: NewTickCommit): void {
    const { commits } = this.tables;
    if (commits.has(commit.epoch)) {
      throw new Error("D1_ERROR: UNIQUE constraint failed: tick_commits.epoch: SQLITE_CONSTRAINT");
    }
    commits.set(commit.epoch, commit);
    this.tables.newestEpoch = Math.max(this.tables.newestEpoch, commit.epoch);
  }

  #changeRoster({ upserts, removed, at }: NonNullable<TickWrites["roster"]>): void {
    const { agents, fetches } = this.tables;
    this.#listed = undefined;
    for (const agent of upserts) {
      const known = agents.get(agent.stx_address);
      const fetch = fetches.get(agent.stx_address);
      if (fetch && known?.removed_at != null && known.removed_at < at - KEEP_FRESH_RETURN_MS) forgetAnswers(fetch);
      if (fetch && known && fetch.bitcoin_good_at !== null && known.btc_address !== agent.btc_address) {
        Object.assign(fetch, { bitcoin_error: ADDRESS_CHANGED, bitcoin_held_since: null });
      }
      agents.set(agent.stx_address, { ...agent, listed_at: at, removed_at: null });
    }
    for (const address of removed) {
      const agent = agents.get(address);
      if (agent?.removed_at === null) agents.set(address, { ...agent, removed_at: at });
    }
  }

  #setPrice({ tokenId, priceUsd, pricedAt, source }: AcceptedPrice): void {
    const token = this.tables.tokens.get(tokenId);
    if (!token || (token.priced_at !== null && token.priced_at > pricedAt)) return;
    this.tables.tokens.set(tokenId, { ...token, price_usd: priceUsd, priced_at: pricedAt, price_source: source });
  }

  #addToken(tokenId: string, symbol: string): void {
    const { tokens } = this.tables;
    if (tokens.has(tokenId)) return;
    const unknown = { name: null, decimals: null, ranked: 0, price_usd: null, priced_at: null, price_source: null };
    tokens.set(tokenId, { token_id: tokenId, symbol, ...unknown });
  }

  #release(releases: TickWrites["releases"], changes: BalanceChange[]): void {
    const { agents, fetches, balances } = this.tables;
    const taken = releases.filter(({ agent, lane }) => {
      if (agents.get(agent)?.removed_at !== null) return false;
      return lane !== "bitcoin" || fetches.get(agent)?.bitcoin_error !== ADDRESS_CHANGED;
    });
    const stillHeld = new Map<string, number | null>(); // by lane and agent
    for (const { agent, lane, tokenId, at, stillHeldSince } of taken) {
      const row = balances.get(agent)?.get(tokenId);
      if (row && row.raw_amount !== "0") {
        changes.push({ agent, tokenId, before: row.raw_amount, after: "0", by: "release", at, asked: agent });
        Object.assign(row, { raw_amount: "0", captured_at: at, usd_value: row.usd_value === null ? null : 0 });
      }
      const key = `${lane} ${agent}`;
      const times = [stillHeld.get(key), stillHeldSince].filter((time) => time != null);
      stillHeld.set(key, times.length > 0 ? Math.min(...times) : null);
    }
    for (const [key, heldSince] of stillHeld) {
      const [lane, agent = ""] = key.split(" ") as [Lane, string];
      const fetch = fetches.get(agent);
      if (!fetch || (fetch[`${lane}_held_since`] === null && fetch[`${lane}_error`] !== FALL_HELD)) continue;
      fetch[`${lane}_held_since`] = heldSince;
      if (fetch[`${lane}_error`] === FALL_HELD && heldSince === null) fetch[`${lane}_error`] = null;
    }
  }

  /** Whether an answer about a token was asked of the address that its listed agent has now. */
  #isAskedOf(agent: string, tokenId: string, asked: string): boolean {
    const row = this.tables.agents.get(agent);
    return row?.removed_at === null && asked === (tokenId === BTC ? row.btc_address : row.stx_address);
  }

  #upsert({ agent, tokenId, raw, at, provider, asked }: TickWrites["upserts"][number], changes: BalanceChange[]): void {
    if (!this.#isAskedOf(agent, tokenId, asked)) return;
    const own = this.tables.balances.get(agent) ?? new Map<string, BalanceRow>();
    this.tables.balances.set(agent, own);
    const before = own.get(tokenId)?.raw_amount ?? null;
    if (before === raw) return;
    const token = this.tables.tokens.get(tokenId);
    changes.push({ agent, tokenId, before, after: raw, by: "answer", at, asked });
    own.set(tokenId, {
      agent_address: agent,
      token_id: tokenId,
      captured_at: at,
      raw_amount: raw,
      decimals: token?.decimals ?? null,
      usd_value: toUsdMicros(raw, token),
      source: provider,
    });
  }

  #delete({ agent, tokenId, asked }: TickWrites["deletes"][number], changes: BalanceChange[]): void {
    const own = this.tables.balances.get(agent);
    const row = own?.get(tokenId);
    if (!row || !this.#isAskedOf(agent, tokenId, asked) || this.tables.tokens.get(tokenId)?.ranked === 1) return;
    own?.delete(tokenId);
    changes.push({ agent, tokenId, before: row.raw_amount, after: null, by: "answer", at: Number.NaN, asked });
  }

  #writeAnswers(answers: TickWrites["answers"]): void {
    for (const { agent, lane, asked, at, error, leftOut, heldSince, rotation } of answers) {
      const row = this.tables.agents.get(agent);
      if (row?.removed_at !== null || asked !== (lane === "stacks" ? row.stx_address : row.btc_address)) continue;
      const fetch = this.tables.fetches.get(agent) ?? newFetch(agent);
      this.tables.fetches.set(agent, fetch);
      fetch[`${lane}_attempted_at`] = at;
      if (error === null || error === FALL_HELD) fetch[`${lane}_good_at`] = at;
      fetch[`${lane}_error`] = error;
      fetch[`${lane}_held_since`] = heldSince;
      if (lane === "stacks" && leftOut !== null) fetch.tokens_left_out = leftOut;
      fetch.rotation = Math.max(fetch.rotation, rotation);
    }
  }

  #pruneTokens(): void {
    const held = new Set([...this.tables.balances.values()].flatMap((tokens) => [...tokens.keys()]));
    for (const [tokenId, { ranked }] of this.tables.tokens) {
      if (ranked === 0 && !held.has(tokenId)) this.tables.tokens.delete(tokenId);
    }
  }

  #publish(publication: NewPublication): void {
    const standings = toStandings(this.tables, this.listed);
    const pending = this.listed.length - standings.length;
    this.tables.publications.set(publication.version, { ...publication, pending, standings });
    pruneVersions(this.tables.publications, publication);
    if (pruneAgents(this.tables, publication.publishedAt)) this.#listed = undefined;
  }
}

function forgetAnswers(fetch: FetchRow): void {
  for (const lane of LANES) {
    const error = fetch[`${lane}_error`];
    const isMark = error === FALL_HELD || (lane === "bitcoin" && error === ADDRESS_CHANGED);
    fetch[`${lane}_good_at`] = null;
    fetch[`${lane}_held_since`] = null;
    if (isMark) fetch[`${lane}_error`] = null;
  }
}
