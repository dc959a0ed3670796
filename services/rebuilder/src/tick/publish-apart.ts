import type { Clock } from "@standings/balances";
import { classifyD1Error, type NewTickCommit } from "@standings/db";
import type { Config } from "../config.ts";
import { toStaleAfterMs } from "../safeguards/freshness.ts";
import { toFactsNow } from "./facts.ts";
import { highestRotation, parsePlace, toUnknownPlace } from "./lanes.ts";
import type { Memory, Publishing, State } from "./memory.ts";
import { guardStore, type Store } from "./store.ts";

/** D1 ends a batch at 30 s; a publication that takes longer is tried again after the next tick. */
const APART_DEADLINE_MS = 25_000;

/** Published this fast, a ranking goes with the commit again: half of what a call inside the lock may take. */
const FAST_ENOUGH_MS = 4_000;

export interface ApartDeps {
  store: Store;
  clock: Clock;
  config: Config;
  newId(): string;
}

/**
 * Publishes what is committed already, in a batch with a fence row of its own and the place as it is, so that a slow
 * publication can never stall the rebuild. Never throws: what went wrong is the next state's problem.
 */
export async function publishApart(memory: Memory, deps: ApartDeps): Promise<State> {
  const { state } = memory;
  const startedAt = deps.clock.now();
  const store = guardStore(deps.store, deps.clock, () => {}, APART_DEADLINE_MS);
  try {
    const version = await publish(memory, store, deps);
    const isFast = deps.clock.now() - startedAt < FAST_ENOUGH_MS;
    const publishing: Publishing = isFast
      ? { mode: "with-commit", since: deps.clock.now(), problem: null, owed: false }
      : { ...state.journal.publishing, problem: null, owed: false };
    const journal = { ...state.journal, publishing, goodAnswers: 0, countedAt: deps.clock.now() };
    return { ...state, version, epoch: state.epoch + 1, journal };
  } catch (error) {
    const problem = `the ranking was not published: ${classifyD1Error(error).message}`;
    return { ...state, journal: { ...state.journal, publishing: { ...state.journal.publishing, problem } } };
  }
}

async function publish(memory: Memory, store: Store, { clock, newId, config }: ApartDeps): Promise<number> {
  const read = await store.readPlan();
  const nowMs = clock.now();
  const place = parsePlace(read.commit?.place ?? null) ?? memory.state.place ?? toUnknownPlace(0, 0, 0);
  const version = Math.max(read.publication?.version ?? 0, memory.state.version) + 1;
  const epoch = (read.commit?.epoch ?? 0) + 1;
  const facts = toFactsNow(memory, config, { nowMs, alarmAt: null });
  const fence: NewTickCommit = {
    epoch,
    tick_id: newId(),
    trigger: "publication",
    started_at: nowMs,
    committed_at: nowMs,
    agents: 0,
    failed: 0,
    subrequests: 0,
    outcome: "committed",
    place: JSON.stringify(place),
  };
  const rotation = Math.max(highestRotation(place), read.publication?.rotation ?? 0);
  const publication = { version, epoch, rotation, publishedAt: nowMs, staleAfter: nowMs + toStaleAfterMs(facts) };
  await store.publish(fence, publication, { facts: JSON.stringify(facts), at: nowMs, count: true });
  return version;
}
