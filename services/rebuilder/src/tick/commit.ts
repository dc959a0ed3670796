import type { Clock } from "@standings/balances";
import type { AcceptedPrice, NewPublication, NewTickCommit, SourceWrite, TickWrites } from "@standings/db";
import { DeadlineError } from "./deadline.ts";
import { type AgentFetch, SOURCES } from "./fetch.ts";
import type { RowUse, Store } from "./store.ts";
import { describeError } from "./tick.ts";

/** The lock around a commit is broken by the platform at 30 s. */
export const COMMIT_DEADLINE_MS = 20_000;

export interface ChunkCommit {
  commit: Omit<NewTickCommit, "epoch" | "committed_at" | "agents" | "failed" | "outcome" | "subrequests">;
  rotation: number;
  prices: readonly AcceptedPrice[];
  fetches: readonly AgentFetch[];
  /** What to publish with the last part, given its epoch. */
  publication: Omit<NewPublication, "epoch" | "publishedAt"> | undefined;
}

export interface CommitDeps {
  store: Store;
  subrequests(): number;
  maxSubrequests: number; // where halving ends
  clock: Clock;
}

export type CommitResult = RowUse & { notes: string[] } & (
    | { kind: "committed"; epoch: number; published: boolean }
    | { kind: "fenced" } // a competing tick took the epoch: nothing of this one counts
    | { kind: "unavailable"; error: string; epoch: number } // epoch: the last one that was committed
  );

type Part =
  | { kind: "committed" }
  | { kind: "fenced" }
  | { kind: "refused"; error: string }
  | { kind: "unavailable"; error: string };

/** Why an agent's own rows were refused, as stored with its fetch. */
export const REFUSED_BY_DATABASE = "refused-by-database";

/**
 * Commits a chunk as one atomic batch. When only the publication fails, the chunk is committed without it. When the
 * data itself is refused, the chunk is halved until the poison agent stands alone, and that one is marked and passed.
 * Never throws; whatever hangs is given up.
 */
export async function commitChunk(chunk: ChunkCommit, firstEpoch: number, deps: CommitDeps): Promise<CommitResult> {
  const deadlineAt = deps.clock.now() + COMMIT_DEADLINE_MS;
  const use: RowUse = { rowsRead: 0, rowsWritten: 0 };
  const notes: string[] = [];
  let epoch = firstEpoch;
  let published = false;

  const commitPart = async (fetches: readonly AgentFetch[], isRefused: boolean, publish: boolean): Promise<Part> => {
    const writes = toWrites(chunk, epoch, fetches, isRefused, deps);
    const publication = publish && chunk.publication && { ...chunk.publication, epoch, publishedAt: deps.clock.now() };
    const part = await tryCommit(writes, publication || undefined, use, deadlineAt, deps);
    if (part.kind === "committed") {
      epoch++;
      published ||= Boolean(publication);
    }
    return part;
  };

  const commitAll = async (fetches: readonly AgentFetch[], isLast: boolean): Promise<Part> => {
    const withPublication = await commitPart(fetches, false, isLast);
    if (withPublication.kind !== "refused") return withPublication;
    const part = isLast && chunk.publication ? await commitPart(fetches, false, false) : withPublication;
    if (part.kind === "committed") notes.push(`the ranking was not published: ${withPublication.error}`);
    if (part.kind !== "refused") return part;
    const canHalve =
      isAboutData(part.error) && deps.subrequests() < deps.maxSubrequests && deps.clock.now() < deadlineAt;
    if (fetches.length === 0 || !canHalve) return { kind: "unavailable", error: part.error };
    if (fetches.length === 1) {
      notes.push(`the database refused the balances of ${fetches[0]?.agent.stxAddress}: ${part.error}`);
      return commitPart(fetches, true, isLast);
    }
    const half = Math.ceil(fetches.length / 2);
    const first = await commitAll(fetches.slice(0, half), false);
    return first.kind === "committed" ? commitAll(fetches.slice(half), isLast) : first;
  };

  const part = await commitAll(chunk.fetches, true);
  if (part.kind === "committed") return { ...use, notes, kind: "committed", epoch: epoch - 1, published };
  if (part.kind === "fenced") return { ...use, notes, kind: "fenced" };
  return { ...use, notes, kind: "unavailable", error: part.error, epoch: epoch - 1 };
}

/** One batch, tried again while it can be told to be safe: the fence says whether an unclear end was a commit. */
async function tryCommit(
  writes: TickWrites,
  publication: NewPublication | undefined,
  use: RowUse,
  deadlineAt: number,
  { store, clock }: CommitDeps,
): Promise<Part> {
  const { epoch, tick_id: tickId } = writes.commit;
  for (let attempt = 1; ; attempt++) {
    try {
      const rows = await store.commit(writes, publication);
      use.rowsRead += rows.rowsRead;
      use.rowsWritten += rows.rowsWritten;
      return { kind: "committed" };
    } catch (error) {
      const message = describeError(error);
      if (clock.now() >= deadlineAt) return { kind: "unavailable", error: message };
      let owner: string | undefined;
      try {
        owner = await store.findTickId(epoch);
      } catch {
        return { kind: "unavailable", error: message }; // the first error says more than the second
      }
      if (owner === tickId) return { kind: "committed" };
      if (owner !== undefined) return { kind: "fenced" };
      if (isRefusal(message)) return { kind: "refused", error: message };
      // A call that timed out may still be running, and a database that is overloaded needs rest: neither is sent again.
      const isFinal = error instanceof DeadlineError || isOverloaded(message) || attempt >= MAX_COMMIT_ATTEMPTS;
      if (isFinal || clock.now() >= deadlineAt) return { kind: "unavailable", error: message };
      await new Promise<void>((resolve) => clock.after(RETRY_AFTER_MS, resolve));
    }
  }
}

/** A lost connection is worth a short wait and another try; what is down longer waits for the next tick. */
const RETRY_AFTER_MS = 2_000;
const MAX_COMMIT_ATTEMPTS = 3;

/** What D1 says when more queries would make it worse. */
function isOverloaded(message: string): boolean {
  return /overloaded|queued|memory limit|CPU time|exceeded timeout/i.test(message);
}

/** What the database says of a row that it does not take: fewer rows may pass. */
function isAboutData(message: string): boolean {
  return /SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|RANGE)|constraint failed|too big|D1_TYPE_ERROR/i.test(message);
}

/** What the database will say again of the same statements, in contrast to being out of reach. */
function isRefusal(message: string): boolean {
  return isAboutData(message) || /SQLITE_ERROR|integer overflow/i.test(message);
}

function toWrites(
  chunk: ChunkCommit,
  epoch: number,
  fetches: readonly AgentFetch[],
  isRefused: boolean,
  deps: CommitDeps,
): TickWrites {
  const sources = fetches.flatMap((fetch) => toSourceWrites(fetch, isRefused));
  const failed = fetches.filter((fetch) => isRefused || isFailed(fetch)).length;
  return {
    commit: {
      ...chunk.commit,
      epoch,
      committed_at: deps.clock.now(),
      agents: fetches.length,
      failed,
      subrequests: deps.subrequests(),
      outcome: "committed",
    },
    rotation: chunk.rotation,
    prices: chunk.prices,
    sources,
  };
}

function toSourceWrites({ agent, attempts, endedAt }: AgentFetch, isRefused: boolean): SourceWrite[] {
  return SOURCES.map((source): SourceWrite => {
    const attempt = attempts[source];
    const write = { agentAddress: agent.stxAddress, source };
    if (isRefused || attempt.kind !== "fetched") {
      const error = attempt.kind === "failed" ? describeFailure(attempt) : REFUSED_BY_DATABASE;
      return { ...write, provider: source, attemptedAt: endedAt, answer: { error } };
    }
    const { provider, leftOut } = attempt.value;
    const balances = attempt.value.balances.map(({ tokenId, symbol, rawAmount }) => {
      return { tokenId, symbol, rawAmount: rawAmount.toString() };
    });
    return { ...write, provider, attemptedAt: attempt.at, answer: { balances, leftOut } };
  });
}

function describeFailure({ reason, status }: { reason: string; status?: number }): string {
  return status === undefined ? reason : `${reason} ${status}`;
}

export function isFailed({ attempts }: AgentFetch): boolean {
  return SOURCES.some((source) => attempts[source].kind === "failed");
}
