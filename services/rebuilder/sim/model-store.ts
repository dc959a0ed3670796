import type { NewPublication, TickWrites } from "@standings/db";
import type { NewestRead } from "../src/rebuild/database-status.ts";
import type { RebuildDeps } from "../src/rebuild/deps.ts";
import { withDeadline } from "../src/tick/deadline.ts";
import { STORE_CALL_TIMEOUT_MS, type Store } from "../src/tick/store.ts";
import {
  type CallKind,
  type DatabaseMode,
  LATE_MS,
  LOST,
  NOT_MIGRATED,
  OVERLOADED,
  SLOW_MS,
  toRefusal,
} from "./database-modes.ts";
import type { LiveObject } from "./live-object.ts";
import { hash } from "./random.ts";
import type { Scene } from "./scene.ts";

const NEVER = new Promise<never>(() => {});

/** The database as one object reaches it, with whatever is wrong with it just now. */
export function createModelStore(
  world: Scene,
  object: LiveObject,
): Pick<RebuildDeps, "store" | "readNewest" | "readDatabaseStatus"> {
  const { database, watch } = world;
  const call = <T>(kind: CallKind, apply: () => T): Promise<T> =>
    world.effect(object, () => answer(world, object, kind, apply));
  const counted = <T>(kind: CallKind, apply: () => T): Promise<T> => {
    object.subrequests++;
    watch.sawSubrequest(object);
    return call(kind, apply);
  };
  const refuse = (writes: TickWrites | undefined, publication: NewPublication | undefined, epoch: number) => {
    // The fence is the first statement of the batch, and what it refuses comes out before anything else.
    const refusal = database.tables.commits.has(epoch) ? undefined : toRefusal(world.refusals, writes, publication);
    if (refusal) throw refusal;
  };
  const store: Store = {
    readPlan: () => counted("reads", () => database.readPlan()),
    getListedAgents: () => counted("reads", () => database.getListedAgents()),
    listAgentsAfter: (places) => counted("reads", () => database.listAgentsAfter(places)),
    getStored: (addresses) => counted("reads", () => database.getStored(addresses)),
    findTickId: (epoch) => counted("reads", () => database.tables.commits.get(epoch)?.tick_id),
    commit: (writes, publication) =>
      counted(publication ? "publications" : "writes", () => {
        refuse(writes, publication, writes.commit.epoch);
        const changes = database.commit(writes, publication);
        watch.sawCommit(object, writes, publication, changes);
        return { rowsRead: 0, rowsWritten: changes.length };
      }),
    publish: (fence, publication, freshness) =>
      counted("publications", () => {
        refuse(undefined, publication, fence.epoch);
        database.publish(fence, publication, freshness);
        watch.sawPublishedApart(object, fence, publication);
        return { rowsRead: 0, rowsWritten: 0 };
      }),
    writeActions: (actions, freshness) => call("writes", () => database.writeActions(actions, freshness)),
  };
  const readNewest = (): NewestRead => ({ publication: toPublication(world), freshness: database.readFreshness() });
  return {
    store,
    readNewest: () => orNull(object, counted("reads", readNewest)),
    readDatabaseStatus: () =>
      orNull(
        object,
        call("reads", () => ({ ...readNewest(), rowCounts: NO_COUNTS, prices: database.getPrices() })),
      ),
  };
}

/** As the rebuild's own readers do: what cannot be read is null. */
async function orNull<T>({ clock }: LiveObject, read: Promise<T>): Promise<T | null> {
  try {
    return await withDeadline(clock, "the database", STORE_CALL_TIMEOUT_MS, read);
  } catch {
    return null;
  }
}

async function answer<T>(world: Scene, object: LiveObject, kind: CallKind, apply: () => T): Promise<T> {
  const { mode, on } = world.databaseMode;
  const isMeant = on === "all" || on === kind || (on === "writes" && kind === "publications");
  switch (isMeant ? toModeNow(mode, world) : "ok") {
    case "fails-before":
      throw new Error(LOST);
    case "fails-after":
      apply();
      throw new Error(LOST);
    case "overloaded":
      throw new Error(OVERLOADED);
    case "not-migrated":
      throw new Error(NOT_MIGRATED);
    case "hangs":
      return NEVER;
    case "slow":
      await new Promise<void>((resolve) => object.clock.after(SLOW_MS, resolve));
      return apply();
    case "late": {
      // Whatever became of the caller: only the fence can stop it.
      const clock = world.clock.view(() => true);
      await new Promise<void>((resolve) => clock.after(LATE_MS, resolve));
      world.tally.add("database calls applied late");
      return apply();
    }
    default:
      return apply();
  }
}

const FLAKY: DatabaseMode[] = ["ok", "ok", "ok", "ok", "fails-before", "fails-after"];

function toModeNow(mode: DatabaseMode, world: Scene): DatabaseMode {
  return mode === "flaky" ? (FLAKY[hash(world.seed, "database", world.steps) % FLAKY.length] ?? "ok") : mode;
}

function toPublication({ database }: Scene): NewestRead["publication"] {
  const newest = database.newestPublication;
  if (!newest) return undefined;
  const { version, epoch, rotation, publishedAt, staleAfter, standings, pending } = newest;
  return {
    version,
    epoch,
    rotation,
    published_at: publishedAt,
    stale_after: staleAfter,
    prices: {},
    priced_at: null,
    agents: standings.length,
    total_usd: standings.reduce((sum, { totalUsd }) => sum + totalUsd, 0),
    partial: standings.filter(({ partial }) => partial).length,
    pending,
  };
}

const NO_COUNTS = {
  agents: 0,
  tokens: 0,
  fetches: 0,
  tickCommits: 0,
  publications: 0,
  balances: 0,
  standings: 0,
  agentsCovered: 0,
  agentsRanked: 0,
  oldestGoodAt: null,
};
