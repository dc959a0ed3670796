import { LANES } from "@standings/balances";
import { classifyD1Error, FALL_HELD, type NewPublication, type TickWrites } from "@standings/db";
import type { TickOutcome } from "../contract/status.ts";
import { DeadlineError } from "./deadline.ts";
import { advance, toUnknownPlace } from "./lanes.ts";
import { LOCK_DEADLINE_MS } from "./lock.ts";
import type { Place } from "./memory.ts";
import { type PairWrite, toRefusedWrite } from "./pair-write.ts";
import { type RowUse, STORE_CALL_TIMEOUT_MS } from "./store.ts";
import { describeError, type Tick } from "./tick.ts";

/** A commit and the look at whose its epoch is: what must be left of the budget to begin one. */
const CALLS_PER_COMMIT = 2;

/** What may follow in the same invocation: operators' actions and a look at the freshness. */
const CALLS_AFTER_COMMIT = 2;

/** A lost connection is worth a short wait and another try; what is down longer waits for the next tick. */
const RETRY_AFTER_MS = 2_000;
const MAX_COMMIT_ATTEMPTS = 3;

/** All that a tick writes. In parts, the roster, prices and releases go with the first, the rest with the last. */
export interface TurnCommit {
  firstEpoch: number;
  begin: Place; // as the tick began its turn
  end: Place; // when every pair is written
  listedAgents: number; // of the roster before this tick
  pairs: readonly PairWrite[];
  head: Pick<TickWrites, "roster" | "prices" | "releases">;
  tail: Pick<TickWrites, "freshness" | "prune">;
  publication: Omit<NewPublication, "epoch" | "publishedAt"> | undefined;
  outcome: TickOutcome;
}

export interface CommitResult extends RowUse {
  outcome: TickOutcome;
  error: string | null;
  notes: string[];
  epoch: number | null; // of the last part that was committed; null = none was
  place: Place; // as of that part
  hasPublished: boolean;
  isPublicationSlow: boolean; // the commit with the publication timed out, or was too much for the database
  isRosterRefused: boolean;
}

/** The result of a tick that had nothing to commit, because it could not even be planned. */
export function toNotBegun(outcome: TickOutcome, error: string, place: Place | null): CommitResult {
  const unknown = place ?? toUnknownPlace(0, 0, 0);
  return { ...toEmptyResult(outcome, unknown), error };
}

function toEmptyResult(outcome: TickOutcome, place: Place): CommitResult {
  return {
    outcome,
    error: null,
    notes: [],
    rowsRead: 0,
    rowsWritten: 0,
    epoch: null,
    place,
    hasPublished: false,
    isPublicationSlow: false,
    isRosterRefused: false,
  };
}

type Part =
  | { kind: "committed"; isSlow: boolean }
  | { kind: "fenced" }
  | { kind: "refused"; error: string; isAboutData: boolean }
  | { kind: "unavailable"; error: string; isSlow: boolean; isMigrationMissing: boolean };

const COMMITTED: Part = { kind: "committed", isSlow: false };

/** The parts of a turn, one after the other: each with an epoch of its own and the place as of it, head and tail once. */
function createParts(tick: Tick, turn: TurnCommit, result: CommitResult) {
  const deadlineAt = tick.now() + LOCK_DEADLINE_MS;
  let head: TurnCommit["head"] | undefined = turn.head;
  const done: PairWrite[] = [];
  return {
    async commit(pairs: readonly PairWrite[], isLast: boolean, publishes: boolean): Promise<Part> {
      const epoch = (result.epoch ?? turn.firstEpoch - 1) + 1;
      const reached = isLast ? turn.end : toPlace(turn, [...done, ...pairs]);
      const place = result.isRosterRefused ? { ...reached, agents: turn.listedAgents } : reached;
      const writes = toWrites(tick, turn, { epoch, place, pairs, head, isLast });
      const publication = publishes ? toNewPublication(turn, epoch, tick.now()) : undefined;
      const part = await tryCommit(tick, writes, publication, result, deadlineAt);
      if (part.kind === "committed") {
        Object.assign(result, { epoch, place, hasPublished: result.hasPublished || publication !== undefined });
        head = undefined;
        done.push(...pairs);
      }
      if (publication && "isSlow" in part && part.isSlow) result.isPublicationSlow = true;
      return part;
    },
    leaveOutRoster() {
      head = head && { ...head, roster: null };
    },
  };
}

/**
 * Commits a turn as one atomic batch. When only the publication is refused, the turn is committed without it. When the
 * data is refused, the roster is tried by itself, and the pairs are halved until the poison one stands alone, which is
 * marked and passed; the publication follows with what is last. Never throws; whatever hangs is given up. Runs inside the lock.
 */
export async function commitTurn(tick: Tick, turn: TurnCommit): Promise<CommitResult> {
  const result = toEmptyResult(turn.outcome, turn.begin);
  const parts = createParts(tick, turn, result);

  /** The last part: with the publication, or without it when it is refused so. */
  const commitLast = async (pairs: readonly PairWrite[]): Promise<Part> => {
    const first = await parts.commit(pairs, true, true);
    if (first.kind !== "refused" || !turn.publication) return first;
    const part = await parts.commit(pairs, true, false);
    if (part.kind === "committed") result.notes.push(`the ranking was not published: ${first.error}`);
    return part;
  };

  const commitRosterFirst = async (error: string): Promise<Part> => {
    const alone = await parts.commit([], false, false);
    if (alone.kind !== "committed" && alone.kind !== "refused") return alone;
    if (alone.kind === "refused") {
      // The last roster stays: what was asked of an address that it does not have is dropped by the database.
      result.isRosterRefused = true;
      result.notes.push(`the database refused the roster: ${error}`);
      parts.leaveOutRoster();
    }
    return commitLast(turn.pairs);
  };

  const commitHalves = async (pairs: readonly PairWrite[], error: string): Promise<Part> => {
    const [only, second] = pairs;
    if (only && !second) {
      result.notes.push(`the database refused the ${only.lane} balances of ${only.agent}: ${error}`);
      return parts.commit([toRefusedWrite(only)], false, false);
    }
    const half = Math.ceil(pairs.length / 2);
    let part: Part = COMMITTED;
    for (const some of [pairs.slice(0, half), pairs.slice(half)]) {
      if (part.kind !== "committed") break;
      part = await parts.commit(some, false, false);
      if (isAboutData(part)) part = await commitHalves(some, part.error);
    }
    return part;
  };

  let part = await commitLast(turn.pairs);
  if (isAboutData(part) && turn.head.roster) part = await commitRosterFirst(part.error);
  if (isAboutData(part)) {
    if (turn.pairs.length > 0) part = await commitHalves(turn.pairs, part.error);
    if (part.kind === "committed") part = await commitLast([]);
  }
  return conclude(part, result);
}

function isAboutData(part: Part): part is Extract<Part, { kind: "refused" }> {
  return part.kind === "refused" && part.isAboutData;
}

function toNewPublication({ publication }: TurnCommit, epoch: number, nowMs: number): NewPublication | undefined {
  return publication && { ...publication, epoch, publishedAt: nowMs };
}

function conclude(part: Part, result: CommitResult): CommitResult {
  switch (part.kind) {
    case "committed":
      return result;
    case "fenced":
      return { ...result, outcome: "fenced", error: "a competing tick committed first" };
    case "refused":
      return { ...result, outcome: "commit-failed", error: part.error };
    case "unavailable":
      return part.isMigrationMissing
        ? { ...result, outcome: "not-migrated", error: toNotMigrated(part.error) }
        : { ...result, outcome: "commit-failed", error: part.error };
  }
}

/** A database without a table or column waits for an operator, not for another try. */
export function toNotMigrated(error: string): string {
  return `the database is not migrated (${error}): apply the migrations`;
}

/** One batch, tried again while it can be told to be safe: the fence says whether an unclear end was a commit. */
async function tryCommit(
  tick: Tick,
  writes: TickWrites,
  publication: NewPublication | undefined,
  use: RowUse,
  deadlineAt: number,
): Promise<Part> {
  const { epoch, tick_id: tickId } = writes.commit;
  // A call that may not end within the lock is not begun.
  const fits = () =>
    tick.now() + STORE_CALL_TIMEOUT_MS <= deadlineAt && tick.budget.room >= CALLS_PER_COMMIT + CALLS_AFTER_COMMIT;
  for (let attempt = 1; ; attempt++) {
    if (!fits()) return toUnavailable("no time or budget is left for the commit", false);
    try {
      const rows = await tick.store.commit(writes, publication);
      use.rowsRead += rows.rowsRead;
      use.rowsWritten += rows.rowsWritten;
      return COMMITTED;
    } catch (error) {
      const { kind, message } = classifyD1Error(error);
      const isSlow = error instanceof DeadlineError || kind === "overloaded";
      if (tick.now() + STORE_CALL_TIMEOUT_MS > deadlineAt) return toUnavailable(message, isSlow);
      const owner = await findOwner(tick, epoch);
      if (owner.kind === "unknown") return toUnavailable(message, isSlow); // the first error says more than the second
      if (owner.tickId === tickId) return { kind: "committed", isSlow };
      if (owner.tickId !== undefined) return { kind: "fenced" };
      if (kind === "refused-data" || kind === "refused") {
        return { kind: "refused", error: message, isAboutData: kind === "refused-data" };
      }
      // A call that timed out may still be running, and a database that is overloaded needs rest: neither is sent again.
      if (isSlow || kind === "not-migrated" || attempt >= MAX_COMMIT_ATTEMPTS) {
        return { ...toUnavailable(message, isSlow), isMigrationMissing: kind === "not-migrated" };
      }
      await new Promise<void>((resolve) => tick.deps.clock.after(RETRY_AFTER_MS, resolve));
    }
  }
}

function toUnavailable(error: string, isSlow: boolean) {
  return { kind: "unavailable", error, isSlow, isMigrationMissing: false } as const;
}

async function findOwner(tick: Tick, epoch: number) {
  try {
    return { kind: "known", tickId: await tick.store.findTickId(epoch) } as const;
  } catch (error) {
    return { kind: "unknown", why: describeError(error) } as const;
  }
}

interface PartWrites {
  epoch: number;
  place: Place;
  pairs: readonly PairWrite[];
  head: TurnCommit["head"] | undefined;
  isLast: boolean;
}

function toWrites(tick: Tick, turn: TurnCommit, { epoch, place, pairs, head, isLast }: PartWrites): TickWrites {
  const newTokens = new Map(pairs.flatMap((pair) => pair.newTokens.map((token) => [token.tokenId, token] as const)));
  return {
    commit: {
      epoch,
      tick_id: tick.id,
      trigger: tick.trigger,
      started_at: tick.startedAt,
      committed_at: tick.now(),
      agents: new Set(pairs.map(({ agent }) => agent)).size,
      failed: new Set(pairs.filter(({ answer }) => isFailure(answer)).map(({ agent }) => agent)).size,
      subrequests: tick.budget.used,
      outcome: turn.outcome,
      place: JSON.stringify(place),
    },
    roster: head?.roster ?? null,
    prices: head?.prices ?? [],
    releases: head?.releases ?? [],
    newTokens: [...newTokens.values()],
    upserts: pairs.flatMap(({ upserts }) => upserts),
    deletes: pairs.flatMap(({ deletes }) => deletes),
    answers: pairs.map(({ answer }) => answer),
    freshness: isLast ? turn.tail.freshness : null,
    prune: isLast && turn.tail.prune,
  };
}

/** A complete answer with a holding kept back brought values all the same. */
function isFailure({ error }: PairWrite["answer"]): boolean {
  return error !== null && error !== FALL_HELD;
}

/** Each lane stands after the last of its agents that are written. */
function toPlace({ begin }: TurnCommit, written: readonly PairWrite[]): Place {
  const place = { ...begin };
  for (const lane of LANES) {
    const asked = written.filter((pair) => pair.lane === lane).map(({ agent }) => ({ stxAddress: agent }));
    place[lane] = advance(begin[lane], asked, false);
  }
  return place;
}
