import type { Clock, RosterAgent } from "@standings/balances";
import {
  type AcceptedPrice,
  compileApplyRoster,
  compilePublish,
  compileTickWrites,
  createDb,
  executeBatch,
  findTickId,
  getHolders,
  getLastGoodPrices,
  getProgress,
  listAgentsAfter,
  type NewPublication,
  type Progress,
  type RosterPlace,
  type TickWrites,
} from "@standings/db";
import type { Holders } from "../safeguards/falls.ts";
import { withDeadline } from "./deadline.ts";

/** D1 answers in milliseconds; it has stalled for a minute, and the lock around a commit lasts 30 s at most. */
export const STORE_CALL_TIMEOUT_MS = 8_000;

export interface RowUse {
  rowsRead: number;
  rowsWritten: number;
}

/** The database as a tick sees it: every method is one call to D1. */
export interface Store {
  getProgress(): Promise<Progress>;
  getLastGoodPrices(): Promise<AcceptedPrice[]>;
  getHolders(stxAddresses: readonly string[]): Promise<Holders>;
  applyRoster(agents: readonly RosterAgent[], nowMs: number): Promise<void>;
  listAgentsAfter(cursor: string, limit: number): Promise<RosterPlace[]>;
  /** One atomic batch: the tick's writes, and a publication when there is one. */
  commit(writes: TickWrites, publication: NewPublication | undefined): Promise<RowUse>;
  findTickId(epoch: number): Promise<string | undefined>;
}

/** Counts every call and gives up on one that hangs. @param spend counts one subrequest */
export function guardStore(store: Store, clock: Clock, spend: () => void, timeoutMs = STORE_CALL_TIMEOUT_MS): Store {
  const call = <T>(what: string, run: () => Promise<T>): Promise<T> => {
    spend();
    return withDeadline(clock, `the database (${what})`, timeoutMs, run());
  };
  return {
    getProgress: () => call("progress", () => store.getProgress()),
    getHolders: (stxAddresses) => call("holders", () => store.getHolders(stxAddresses)),
    getLastGoodPrices: () => call("prices", () => store.getLastGoodPrices()),
    applyRoster: (agents, nowMs) => call("roster", () => store.applyRoster(agents, nowMs)),
    listAgentsAfter: (cursor, limit) => call("plan", () => store.listAgentsAfter(cursor, limit)),
    commit: (writes, publication) => call("commit", () => store.commit(writes, publication)),
    findTickId: (epoch) => call("fence", () => store.findTickId(epoch)),
  };
}

export function createStore(d1: D1Database): Store {
  const db = createDb(d1);
  return {
    getProgress: () => getProgress(db),
    getHolders: (stxAddresses) => getHolders(db, stxAddresses),
    getLastGoodPrices: () => getLastGoodPrices(db),
    async applyRoster(agents, nowMs) {
      const rows = agents.map((agent) => ({
        stx_address: agent.stxAddress,
        btc_address: agent.btcAddress,
        display_name: agent.displayName,
        bns_name: agent.bnsName,
        level: agent.level,
        level_name: agent.levelName,
      }));
      await executeBatch(d1, compileApplyRoster(db, rows, nowMs));
    },
    listAgentsAfter: (cursor, limit) => listAgentsAfter(db, cursor, limit),
    async commit(writes, publication) {
      const results = await executeBatch(d1, [
        ...compileTickWrites(db, writes),
        ...(publication ? compilePublish(db, publication) : []),
      ]);
      return {
        rowsRead: results.reduce((sum, result) => sum + (result.meta.rows_read ?? 0), 0),
        rowsWritten: results.reduce((sum, result) => sum + (result.meta.rows_written ?? 0), 0),
      };
    },
    findTickId: (epoch) => findTickId(db, epoch),
  };
}
