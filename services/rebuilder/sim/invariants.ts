import type { HostName } from "@standings/balances";
import type { NewPublication, NewTickCommit, TickWrites } from "@standings/db";
import { KEYS } from "../src/rebuild/memory.ts";
import { toCrashes, toState } from "../src/rebuild/state.ts";
import type { CrashMemory } from "../src/safeguards/poison.ts";
import { LOCK_DEADLINE_MS } from "../src/tick/lock.ts";
import type { State } from "../src/tick/memory.ts";
import { BoardWatch } from "./board-watch.ts";
import { CommitWatch } from "./commit-watch.ts";
import type { LiveObject } from "./live-object.ts";
import type { BalanceChange } from "./model-tables.ts";
import { hash } from "./random.ts";
import type { Scene, Sightings } from "./scene.ts";
import { tellTick } from "./tell-tick.ts";
import { Violation } from "./violation.ts";

/** The platform's own limit on connections. */
const MAX_IN_FLIGHT = 6;

/** What follows a tick in the same invocation and is counted by nobody but us: operators' actions that were left over. */
const UNCOUNTED_SUBREQUESTS = 1;

/** The longest that Retry-After may put an alarm off. */
const MAX_ALARM_AHEAD_MS = 3_600_000;

/** One state in so many is read back as an object that starts would, and must be what was saved. */
const READ_BACK_EVERY = 397;

/**
 * Watches a world for what must never happen. The first violation is kept, since the code under test may well catch
 * what is thrown at it, and comes out at the next check.
 */
export class SafetyWatch implements Sightings {
  readonly commits: CommitWatch;
  readonly board: BoardWatch;
  /** The clock went back: what was timed before is no measure after. */
  hasGoneBack = false;
  #isAlarmLost = true; // nothing has armed a new object yet
  #violation: Violation | undefined;
  #newestTickId: string | undefined;

  readonly #world: Scene;

  constructor(world: Scene) {
    this.#world = world;
    this.commits = new CommitWatch(world, this.assert);
    this.board = new BoardWatch(world, this.assert);
  }

  assert = (holds: boolean, rule: string, detail: () => string): void => {
    if (!holds) this.#violation ??= new Violation(rule, detail());
  };

  /** Throws what was seen, and looks at what can be seen at any time. */
  check(): void {
    const { alarmAt, isBusy, isAlarmStuck, clock } = this.#world;
    if (alarmAt !== null) this.#isAlarmLost = false;
    if (!isBusy) {
      this.assert(alarmAt !== null || this.#isAlarmLost, "I-9 alarm", () => "nothing runs and no alarm is set");
      const ahead = (alarmAt ?? 0) - clock.read();
      const longest = Math.max(MAX_ALARM_AHEAD_MS, this.#world.state.journal.interval.ms);
      const isPlausible = ahead <= longest + 1_000 || this.hasGoneBack || isAlarmStuck;
      this.assert(isPlausible, "I-9 alarm", () => `set ${ahead} ms ahead`);
    }
    if (this.#violation) throw this.#violation;
  }

  // ---- what an object does

  sawCall(object: LiveObject, host: HostName): void {
    this.sawOutsideCall(object, host);
    this.sawSubrequest(object);
    const earlyMs = (object.notBefore.get(host) ?? 0) - this.#world.clock.read();
    this.assert(earlyMs <= 0 || this.hasGoneBack, "I-21 Retry-After", () => `${host} was called ${earlyMs} ms early`);
    this.assert(object.inFlight < MAX_IN_FLIGHT, "I-8 in flight", () => `${object.inFlight + 1} calls at once`);
  }

  sawOutsideCall(object: LiveObject, what: string): void {
    this.assert(object.lockedSince === null, "I-7 lock", () => `${what} was called inside it`);
  }

  sawSubrequest({ subrequests }: LiveObject): void {
    const most = this.#world.config.subrequestBudget - UNCOUNTED_SUBREQUESTS;
    this.#world.tally.max("subrequests of an invocation, at most", subrequests);
    this.assert(subrequests <= most, "I-8 budget", () => `${subrequests} subrequests in one invocation`);
  }

  sawLock(object: LiveObject): void {
    this.assert(object.lockedSince === null, "I-4 single flight", () => "two ticks of one object commit at once");
  }

  sawUnlock({ lockedSince }: LiveObject): void {
    const lockedMs = this.#world.clock.nowMs - (lockedSince ?? 0);
    this.#world.tally.max("lock held for ms, at most", lockedMs);
    this.assert(lockedMs <= LOCK_DEADLINE_MS, "I-7 lock", () => `held for ${lockedMs} ms`);
  }

  sawCommit(
    object: LiveObject,
    writes: TickWrites,
    publication: NewPublication | undefined,
    changes: readonly BalanceChange[],
  ) {
    this.#world.tally.add("commits");
    this.commits.sawCommit(object, writes, changes);
    if (publication) {
      this.#world.tally.add("publications with a commit");
      this.board.sawPublication(publication);
    }
  }

  sawPublishedApart(object: LiveObject, fence: NewTickCommit, publication: NewPublication): void {
    this.#world.tally.add("publications apart");
    this.commits.sawFence(object, fence);
    this.board.sawPublication(publication);
  }

  /** The current object has stored something. */
  sawStored(object: LiveObject): void {
    const state = this.#world.stored(KEYS.state) as State | undefined;
    const crashes = this.#world.stored(KEYS.crashes) as CrashMemory | undefined;
    if (crashes?.running && !object.isTicking) object.isTicking = true;
    const newest = state?.journal.ticks[0];
    if (!state || !newest) return;
    const id = `${newest.tickId} ${newest.startedAt} ${newest.outcome}`;
    if (id === this.#newestTickId) return;
    this.#newestTickId = id;
    object.isTicking = false;
    if (newest.outcome === "given-up" || newest.outcome === "failed") object.notBefore.clear();
    this.commits.sawSaved(state);
    tellTick(this.#world, state, newest);
    this.#sawSaved(state, crashes);
  }

  /** What is saved is read back whole by the next object. */
  #sawSaved(state: State, crashes: CrashMemory | undefined): void {
    if (hash(this.#world.seed, this.#world.steps) % READ_BACK_EVERY !== 0) return;
    const read = toState(structuredClone(state));
    this.assert(read.problems.length === 0, "I-17 bounds", () => `not readable: ${read.problems.join(", ")}`);
    const [saved, loaded] = [JSON.stringify(state), JSON.stringify(read.value)];
    this.assert(sorted(saved) === sorted(loaded), "I-17 bounds", () => `saved ${saved}, read back ${loaded}`);
    const { problems } = toCrashes(structuredClone(crashes));
    this.assert(problems.length === 0, "I-17 bounds", () => `not readable: ${problems.join(", ")}`);
  }

  sawStorageFail(object: LiveObject): void {
    object.isTicking = false;
    this.#isAlarmLost = true;
    object.notBefore.clear(); // what could not be saved is not known any more
  }

  sawLog(_object: LiveObject, event: string, fields: Record<string, unknown>): void {
    const { tally } = this.#world;
    switch (event) {
      case "hold.began":
        tally.add(`holds begun: ${fields.kind}`);
        break;
      case "hold.ended":
        tally.add(`holds ended: ${fields.kind}`);
        break;
      case "degraded.began":
        tally.add(`degraded: ${fields.reason}`);
        break;
      case "operator.acted":
        tally.add(`operator: ${fields.action}`);
        break;
      case "memory.unreadable":
        this.assert(false, "I-17 bounds", () => `not readable: ${String(fields.fields)}`);
        break;
      case "tick.aftermath-failed":
        this.assert(this.#world.storageMode !== "ok", "I-9 throw", () => String(fields.error));
        break;
      case "alarm.rearmed":
      case "tick.failed":
      case "alarm.unset":
      case "operator.unwritten":
        tally.add(`log: ${event}`);
        break;
    }
  }

  // ---- what happens to it

  sawWipe(): void {
    this.#isAlarmLost = true;
    this.board.sawWipe();
  }

  sawTimeTravel(): void {
    this.commits.sawTimeTravel();
    this.board.sawTimeTravel();
  }

  sawClockJump(ms: number): void {
    if (ms < 0) this.hasGoneBack = true;
  }

  sawAlarmLost(): void {
    this.#isAlarmLost = true;
  }

  sawThrow(error: unknown): void {
    this.assert(false, "I-9 throw", () => (error instanceof Error ? (error.stack ?? error.message) : String(error)));
  }

  sawThrowInLock(error: unknown): void {
    this.assert(false, "I-7 lock", () => `an exception left it: ${error}`);
  }
}

/** Fields may be stored in any order. */
function sorted(json: string): string {
  return [...json].sort().join("");
}
