import type { Clock, Lane } from "@standings/balances";
import {
  compileFreshness,
  compileOperatorAction,
  compilePublish,
  compileTickWrites,
  type Db,
  findTickId,
  getListedAgents,
  getStored,
  type ListedAgent,
  listAgentsAfter,
  type NewPublication,
  type NewTickCommit,
  type PlanRead,
  type RosterPlace,
  readPlan,
  type Stored,
  type TickWrites,
} from "@standings/db";
import { withDeadline } from "./deadline.ts";
import type { OperatorAction } from "./memory.ts";

/** D1 answers in milliseconds; it has stalled for a minute. */
export const STORE_CALL_TIMEOUT_MS = 8_000;

export interface RowUse {
  rowsRead: number;
  rowsWritten: number;
}

export type FreshnessWrite = NonNullable<TickWrites["freshness"]>;

/** The database as the rebuild sees it: every method is one call to D1. */
export interface Store {
  readPlan(): Promise<PlanRead>;
  getListedAgents(): Promise<ListedAgent[]>;
  listAgentsAfter(places: Record<Lane, { cursor: string; limit: number }>): Promise<Record<Lane, RosterPlace[]>>;
  getStored(stxAddresses: readonly string[]): Promise<Stored>;
  /** One atomic batch: the tick's writes, and a publication when there is one. */
  commit(writes: TickWrites, publication: NewPublication | undefined): Promise<RowUse>;
  /** A publication in a batch of its own, with its own fence row and everything else as it is. */
  publish(fence: NewTickCommit, publication: NewPublication, freshness: FreshnessWrite): Promise<RowUse>;
  findTickId(epoch: number): Promise<string | undefined>;
  /** What operators did, and what follows from it for readers. */
  writeActions(actions: readonly OperatorAction[], freshness: FreshnessWrite | null): Promise<void>;
}

/** Counts every call and gives up on one that hangs. @param spend counts one subrequest */
export function guardStore(store: Store, clock: Clock, spend: () => void, timeoutMs = STORE_CALL_TIMEOUT_MS): Store {
  const call = <T>(what: string, run: () => Promise<T>): Promise<T> => {
    spend();
    return withDeadline(clock, `the database (${what})`, timeoutMs, run());
  };
  return {
    readPlan: () => call("place", () => store.readPlan()),
    getListedAgents: () => call("roster", () => store.getListedAgents()),
    listAgentsAfter: (places) => call("agents", () => store.listAgentsAfter(places)),
    getStored: (stxAddresses) => call("balances", () => store.getStored(stxAddresses)),
    commit: (writes, publication) => call("commit", () => store.commit(writes, publication)),
    publish: (...publication) => call("publication", () => store.publish(...publication)),
    findTickId: (epoch) => call("fence", () => store.findTickId(epoch)),
    writeActions: (actions, freshness) => call("actions", () => store.writeActions(actions, freshness)),
  };
}

export function createStore(db: Db): Store {
  return {
    readPlan: () => readPlan(db),
    getListedAgents: () => getListedAgents(db),
    listAgentsAfter: (places) => listAgentsAfter(db, places),
    getStored: (stxAddresses) => getStored(db, stxAddresses),
    commit: (writes, publication) =>
      db.batch([...compileTickWrites(db, writes), ...(publication ? compilePublish(db, publication) : [])]),
    publish: (fence, publication, freshness) =>
      db.batch([
        db.insertInto("tick_commits").values(fence).compile(),
        ...compilePublish(db, publication),
        compileFreshness(db, freshness),
      ]),
    findTickId: (epoch) => findTickId(db, epoch),
    async writeActions(actions, freshness) {
      await db.batch([
        ...actions.flatMap((action) => compileOperatorAction(db, action)),
        ...(freshness ? [compileFreshness(db, freshness)] : []),
      ]);
    },
  };
}
