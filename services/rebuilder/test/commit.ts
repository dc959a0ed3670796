import { BTC, createBudget, LANES, type Lane, STX } from "@standings/balances";
import type { NewPublication, TickWrites } from "@standings/db";
import { RESERVED_SUBREQUESTS } from "../src/tick/chunk.ts";
import { type CommitResult, commitTurn, type TurnCommit } from "../src/tick/commit.ts";
import { NEW_LANE_PLACE } from "../src/tick/lanes.ts";
import type { LanePlace, Place } from "../src/tick/memory.ts";
import type { PairWrite } from "../src/tick/pair-write.ts";
import { guardStore, type Store } from "../src/tick/store.ts";
import type { Tick } from "../src/tick/tick.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";

export const NOW = 1_800_000_000_000;
export const LIMIT = 250;

/** What a call comes to: an error's text, or how long it takes before it is done, written or not. */
export type Fault = string | { takesMs: number; isWritten?: boolean; error?: string } | undefined;

export interface Call {
  what: "commit" | "fence";
  at: number;
  writes?: TickWrites;
  publication?: NewPublication | undefined;
}

export interface RigOptions {
  used?: number; // of the tick's budget, before the commit
  onCommit?: (writes: TickWrites, publication: NewPublication | undefined, commits: number) => Fault;
  onFence?: (fences: number) => Fault;
  owners?: [number, string][]; // epochs that are taken
}

export const REFUSED = "D1_ERROR: CHECK constraint failed: raw_amount: SQLITE_CONSTRAINT";

/** A database that takes what is not refused: which epochs are whose, and what was written with each. */
export function createRig({ used = 0, onCommit, onFence, owners = [] }: RigOptions = {}) {
  const clock = createVirtualClock(NOW);
  const calls: Call[] = [];
  const epochs = new Map(owners);
  const written: { writes: TickWrites; publication: NewPublication | undefined }[] = [];
  const meet = async (fault: Fault, write: () => void): Promise<void> => {
    if (typeof fault === "string") throw new Error(fault);
    if (!fault) return write();
    const { takesMs, isWritten = fault.error === undefined, error } = fault;
    await new Promise<void>((resolve) => clock.after(takesMs, resolve));
    if (isWritten) write();
    if (error !== undefined) throw new Error(error);
  };
  const store: Pick<Store, "commit" | "findTickId"> = {
    async commit(writes, publication) {
      const commits = calls.filter(({ what }) => what === "commit").length;
      calls.push({ what: "commit", at: clock.now(), writes, publication });
      const { epoch, tick_id } = writes.commit;
      if (epochs.has(epoch))
        throw new Error("D1_ERROR: UNIQUE constraint failed: tick_commits.epoch: SQLITE_CONSTRAINT");
      await meet(onCommit?.(writes, publication, commits), () => {
        epochs.set(epoch, tick_id);
        written.push({ writes, publication });
      });
      return { rowsRead: 1, rowsWritten: 2 };
    },
    async findTickId(epoch) {
      const fences = calls.filter(({ what }) => what === "fence").length;
      calls.push({ what: "fence", at: clock.now() });
      await meet(onFence?.(fences), () => {});
      return epochs.get(epoch);
    },
  };
  const budget = createBudget(LIMIT, RESERVED_SUBREQUESTS);
  budget.spend(used);
  const tick = {
    id: "this tick",
    trigger: "alarm",
    startedAt: NOW,
    deps: { clock },
    budget,
    store: guardStore(store as Store, clock, () => budget.spend()),
    now: () => clock.now(),
  } as unknown as Tick;
  const commit = (turn: TurnCommit): Promise<CommitResult> => waitFor(commitTurn(tick, turn), clock);
  return { clock, calls, epochs, written, budget, commit };
}

/** The promise's value; whenever all else waits too, time goes on to what is due next. */
async function waitFor<T>(promise: Promise<T>, clock: VirtualClock): Promise<T> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isSettled) return promise;
    if (!clock.fireNext()) throw new Error("nothing is due, and nothing goes on");
  }
}

/** A turn of `n` agents on both lanes, published. */
export function turnOf(n: number, changes: Partial<TurnCommit> = {}): TurnCommit {
  const agents = Array.from({ length: n }, (_, index) => `SP${String(index).padStart(3, "0")}`);
  const open: LanePlace = { ...NEW_LANE_PLACE, rotation: 3, isOpen: true, total: n, startedAt: NOW };
  const begin: Place = { agents: n, resets: 0, stacks: open, bitcoin: open };
  const done = { ...open, isOpen: false, processed: n };
  return {
    firstEpoch: 11,
    listedAgents: n,
    begin,
    end: { ...begin, stacks: done, bitcoin: done },
    pairs: agents.flatMap((agent) => LANES.map((lane) => pairOf(agent, lane))),
    head: { roster: null, prices: [], releases: [] },
    tail: { freshness: { facts: "{}", at: NOW, count: true }, prune: true },
    publication: { version: 7, rotation: 3, staleAfter: NOW + 1 },
    outcome: "committed",
    ...changes,
  };
}

export function pairOf(agent: string, lane: Lane): PairWrite {
  const tokenId = lane === "stacks" ? STX : BTC;
  const base = { agent, lane, asked: agent, at: NOW };
  return {
    lane,
    agent,
    answer: { ...base, error: null, leftOut: 0, heldSince: null, rotation: 3 },
    upserts: [{ agent, tokenId, raw: "1", at: NOW, provider: "hiro", asked: agent }],
    deletes: [],
    newTokens: [],
    changesRanking: true,
  };
}

/** Refuses every batch that holds a row of these, "agent lane" each. */
export function refusing(poison: readonly string[]): NonNullable<RigOptions["onCommit"]> {
  return ({ upserts }) => {
    const isPoison = upserts.some(({ agent, tokenId }) =>
      poison.includes(`${agent} ${tokenId === STX ? "stacks" : "bitcoin"}`),
    );
    return isPoison ? REFUSED : undefined;
  };
}

export function readPlace({ commit }: TickWrites): Place {
  return JSON.parse(commit.place) as Place;
}
