import type { NewPublication, TickWrites } from "@standings/db";
import type { World } from "./world.ts";

/** The platform ends a lock at 30 s; ours stays well below. */
export const MAX_LOCK_MS = 30_000;

/** The longest that Retry-After may put an alarm off. */
const MAX_ALARM_AHEAD_MS = 3_600_000;

/** Something happened that must not, whatever else did. */
export class Violation extends Error {
  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.name = "Violation";
  }
}

/**
 * Watches a world for what must never happen. The first violation is kept, since the code under test may well catch
 * what is thrown at it, and comes out at the next check.
 */
export class SafetyWatch {
  readonly #world: World;
  #violation: Violation | undefined;
  #epoch = 0;
  #version = 0;
  #rotation = 0;
  #attempted = new Map<number, Set<string>>(); // rotation -> agents
  #listedThroughout = new Set<string>(); // since the rotation began
  #resetsSeen = 0; // by the rebuild, when the rotation began or before
  #wasWiped = false; // since the rotation began: what the rebuild knew of resets is gone
  #wasEverReset = false;
  #isAlarmLost = true; // nothing has armed a new object yet
  #hasClockJumped = false;

  constructor(world: World) {
    this.#world = world;
  }

  assert(holds: boolean, rule: string, detail: () => string): void {
    if (!holds) this.#violation ??= new Violation(rule, detail());
  }

  /** Throws what was seen, and looks at what can be seen at any time. */
  check(): void {
    const { alarmAt, state, clock, isBusy, isAlarmStuck } = this.#world;
    if (alarmAt !== null) this.#isAlarmLost = false;
    if (!isBusy) {
      this.assert(alarmAt !== null || this.#isAlarmLost, "I-9 alarm", () => "nothing runs and no alarm is set");
      const ahead = (alarmAt ?? 0) - clock.read();
      const isPlausible = ahead <= MAX_ALARM_AHEAD_MS + 1_000 || this.#hasClockJumped || isAlarmStuck;
      this.assert(isPlausible, "I-9 alarm", () => `set ${ahead} ms ahead`);
      const attempted = this.#attempted.get(state.rotation.number);
      const isPlace = state.cursor === "" || (attempted?.has(state.cursor) ?? false);
      this.assert(
        isPlace,
        "I-2 cursor",
        () => `${state.cursor} was not attempted in rotation ${state.rotation.number}`,
      );
    }
    if (this.#violation) throw this.#violation;
  }

  sawCommit(writes: TickWrites, publication: NewPublication | undefined): void {
    const { commit, rotation, sources } = writes;
    this.assert(commit.epoch === this.#epoch + 1, "I-5 epoch", () => `${commit.epoch} after ${this.#epoch}`);
    this.#epoch = commit.epoch;
    const { subrequestBudget } = this.#world.config;
    this.assert(commit.subrequests <= subrequestBudget, "I-8 budget", () => `${commit.subrequests} subrequests`);
    const { paused } = this.#world.control;
    const isPaused =
      paused && commit.started_at > paused.since && (paused.until === null || commit.started_at < paused.until);
    this.assert(!isPaused || this.#hasClockJumped, "I-18 pause", () => `a tick of ${commit.started_at} was committed`);
    if (rotation !== this.#rotation) this.#beginRotation(rotation);
    const attempted = this.#attempted.get(rotation) ?? new Set();
    this.#attempted.set(rotation, attempted);
    for (const { agentAddress, source, answer } of sources) {
      attempted.add(agentAddress);
      if ("error" in answer) continue;
      const address = source === "stacks" ? agentAddress : this.#bitcoinAddressOf(agentAddress);
      const [balance] = answer.balances;
      const isServed = this.#world.upstreams.served.get(address)?.has(BigInt(balance?.rawAmount ?? -1)) ?? false;
      this.assert(isServed, "I-3 balances", () => `${address} was never said to hold ${balance?.rawAmount}`);
    }
    if (publication) this.#sawPublication(publication);
  }

  #bitcoinAddressOf(agent: string): string {
    // The address at the time of the fetch; a roster is applied between ticks only.
    return this.#world.database.agents.get(agent)?.btcAddress ?? "";
  }

  #beginRotation(rotation: number): void {
    this.assert(rotation > this.#rotation, "I-5 rotation", () => `${rotation} after ${this.#rotation}`);
    const { control, state } = this.#world;
    const isCut = this.#wasWiped ? this.#wasEverReset : control.resets !== this.#resetsSeen;
    if (this.#rotation > 0 && !isCut) {
      const attempted = this.#attempted.get(this.#rotation);
      const skipped = [...this.#listedThroughout].filter((address) => !attempted?.has(address));
      this.assert(
        skipped.length === 0,
        "I-1 coverage",
        () => `rotation ${this.#rotation} skipped ${skipped.join(", ")}`,
      );
    }
    this.#rotation = rotation;
    this.#resetsSeen = state.resetsSeen;
    this.#wasWiped = false;
    this.#listedThroughout = new Set(this.#world.database.listed());
  }

  #sawPublication({ version, publishedAt, staleAfter }: NewPublication): void {
    this.assert(version === this.#version + 1, "I-5 version", () => `${version} after ${this.#version}`);
    this.#version = version;
    this.assert(staleAfter > publishedAt, "I-16 age", () => "a ranking that is stale from the start");
    const { database } = this.#world;
    const standings = database.publications.at(-1)?.standings ?? [];
    const listed = new Set(database.listed());
    for (const [index, standing] of standings.entries()) {
      const before = standings[index - 1];
      const isOrdered =
        !before ||
        before.totalUsd > standing.totalUsd ||
        (before.totalUsd === standing.totalUsd && before.stxAddress < standing.stxAddress);
      this.assert(isOrdered, "I-13 order", () => `${before?.stxAddress} before ${standing.stxAddress}`);
      this.assert(listed.has(standing.stxAddress), "I-15 population", () => `${standing.stxAddress} is not listed`);
    }
  }

  sawRoster(): void {
    const listed = new Set(this.#world.database.listed());
    this.#listedThroughout = new Set([...this.#listedThroughout].filter((address) => listed.has(address)));
  }

  sawReset(): void {
    this.#wasEverReset = true;
  }

  sawWipe(): void {
    this.#wasWiped = true;
    this.#isAlarmLost = true;
  }

  sawClockJump(): void {
    this.#hasClockJumped = true;
  }

  sawAlarmLost(): void {
    this.#isAlarmLost = true;
  }

  /** A host counts the time it asked for by its own clock. Ours may have jumped, and is then no measure. */
  sawEarlyCall(host: string, earlyMs: number): void {
    this.assert(this.#hasClockJumped, "I-21 Retry-After", () => `${host} was called ${earlyMs} ms early`);
  }

  sawOutsideCall(isLocked: boolean, what: string): void {
    this.assert(!isLocked, "I-7 lock", () => `${what} was called inside it`);
  }

  sawThrow(error: unknown): void {
    this.assert(false, "I-9 throw", () => (error instanceof Error ? (error.stack ?? error.message) : String(error)));
  }

  sawThrowInLock(error: unknown): void {
    this.assert(false, "I-7 lock", () => `an exception left it: ${error}`);
  }
}
