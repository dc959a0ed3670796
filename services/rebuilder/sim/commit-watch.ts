import { BTC, isCounted, type Lane } from "@standings/balances";
import { FALL_HELD, type NewTickCommit, type TickWrites } from "@standings/db";
import type { LanePlace, Place, State } from "../src/tick/memory.ts";
import type { LiveObject } from "./live-object.ts";
import { type BalanceChange, LANES } from "./model-tables.ts";
import { PriceWatch } from "./price-watch.ts";
import type { Scene } from "./scene.ts";
import type { Assert } from "./violation.ts";

interface LaneWatch {
  attempted: Set<string>; // in the lane's rotation
  listedThroughout: Set<string>; // since the rotation began
}

/** Watches every batch that D1 takes: the fence, the place, coverage, and that nothing is stored that nobody said. */
export class CommitWatch {
  readonly #world: Scene;
  readonly #assert: Assert;
  readonly #prices: PriceWatch;
  #epoch = 0;
  #place: Place | undefined; // undefined = nobody knows: a database that went back, or none yet
  #lanes: Record<Lane, LaneWatch> = { stacks: newLane(), bitcoin: newLane() };
  #travelledAt = Number.NEGATIVE_INFINITY; // as ticks read the clock
  /** Pairs that a commit kept against their answers, until its state says of what hold. */
  #kept: { epoch: number; pairs: string[] } = { epoch: 0, pairs: [] };

  constructor(world: Scene, assert: Assert) {
    this.#world = world;
    this.#assert = assert;
    this.#prices = new PriceWatch(world, assert);
  }

  /** D1 went back in time: its newest commit says where everything stands. */
  sawTimeTravel(): void {
    this.#epoch = this.#world.database.newestCommit?.epoch ?? 0;
    this.#place = undefined;
    this.#travelledAt = this.#world.clock.read();
  }

  sawCommit(_object: LiveObject, writes: TickWrites, changes: readonly BalanceChange[]): void {
    const { commit, answers } = writes;
    this.#sawEpoch(commit);
    this.#sawPause(commit);
    const place: Place = JSON.parse(commit.place);
    const { tally } = this.#world;
    tally.add("roster changes", writes.roster ? 1 : 0);
    tally.add("releases", writes.releases.length);
    for (const lane of LANES) this.#sawLane(lane, place, writes);
    this.#place = place;
    this.#prices.sawPrices(writes.prices);
    const key = ({ agent, lane }: { agent: string; lane: Lane }) => `${lane} ${agent}`;
    const distinct = new Set(answers.map(key));
    this.#assert(distinct.size === answers.length, "I-6 once", () => "an agent is answered twice in one commit");
    const failed = new Set(answers.filter(({ error }) => isFailure(error)).map(key));
    for (const change of changes) this.#sawChange(change, failed);
    // What a tick read before the database went back says nothing about what it left unwritten.
    const isTorn = commit.started_at <= this.#travelledAt;
    const kept = isTorn ? [] : answers.flatMap((answer) => this.#sawAnswer(answer));
    this.#kept = { epoch: commit.epoch, pairs: kept };
  }

  /** A publication in a batch of its own moves nothing. */
  sawFence(_object: LiveObject, fence: NewTickCommit): void {
    this.#sawEpoch(fence);
    const place: Place = JSON.parse(fence.place);
    const isSame = this.#place === undefined || JSON.stringify(place) === JSON.stringify(this.#place);
    this.#assert(isSame, "I-2 cursor", () => `a publication moved the place to ${fence.place}`);
    this.#place = place;
    this.#kept = { epoch: fence.epoch, pairs: [] };
  }

  /** Whatever a commit kept back is named by a hold: anything else would be kept without anybody knowing. */
  sawSaved({ epoch, holds }: State): void {
    if (epoch !== this.#kept.epoch) return;
    const held = new Set(
      holds.flatMap((hold) => (hold.kind === "fall" ? hold.pairs.map(({ agent }) => `${hold.tokenId} ${agent}`) : [])),
    );
    const unnamed = this.#kept.pairs.filter((pair) => !held.has(pair));
    this.#assert(unnamed.length === 0, "I-23 holds", () => `kept without a hold: ${unnamed.join(", ")}`);
  }

  #sawEpoch({ epoch, subrequests }: NewTickCommit): void {
    const isTorn = this.#travelledAt > Number.NEGATIVE_INFINITY;
    const isNext = epoch === this.#epoch + 1 || (isTorn && epoch > this.#epoch);
    this.#assert(isNext, "I-5 epoch", () => `${epoch} after ${this.#epoch}`);
    this.#epoch = Math.max(this.#epoch, epoch);
    const { subrequestBudget } = this.#world.config;
    this.#assert(subrequests <= subrequestBudget, "I-8 budget", () => `${subrequests} subrequests`);
  }

  #sawPause({ started_at: startedAt, trigger }: NewTickCommit): void {
    const { control, watch } = this.#world;
    const { paused } = control;
    const isPaused = paused && startedAt > paused.since && (paused.until === null || startedAt < paused.until);
    const isExcused = watch.hasGoneBack || trigger === "publication" || this.#world.stale !== undefined;
    this.#assert(!isPaused || isExcused, "I-18 pause", () => `a tick of ${startedAt} was committed`);
  }

  #sawLane(lane: Lane, place: Place, writes: TickWrites): void {
    const before = this.#place?.[lane];
    const after = place[lane];
    const answered = new Set(
      writes.answers.filter((one) => one.lane === lane && this.#isTaken(one)).map(({ agent }) => agent),
    );
    // A tick that planned before the database went back writes where another time stood.
    if (!before || writes.commit.started_at <= this.#travelledAt) {
      this.#begin(lane, answered, after.isOpen && after.cursor === "");
      return;
    }
    if (writes.roster) this.#forgetUnlisted(lane);
    // Who left a roster that is refused stays listed, and may not be asked meanwhile.
    if (this.#world.refusals.roster) this.#lanes[lane].listedThroughout.clear();
    if (after.rotation === before.rotation) {
      const isKept = before.isOpen || (!after.isOpen && after.cursor === before.cursor);
      this.#assert(isKept, "I-5 rotation", () => `${lane} goes on with ${after.rotation}, which had ended`);
      this.#covers(lane, before, after, answered);
    } else {
      this.#assert(
        after.rotation > before.rotation,
        "I-5 rotation",
        () => `${after.rotation} after ${before.rotation}`,
      );
      const isReset = place.resets !== this.#place?.resets;
      if (before.isOpen && !isReset) this.#ended(lane, before, true);
      this.#begin(lane, new Set(), true);
      this.#covers(lane, { ...after, cursor: "" }, after, answered);
    }
    const watched = this.#lanes[lane];
    for (const agent of answered) watched.attempted.add(agent);
    if (before.isOpen && !after.isOpen && after.rotation === before.rotation) this.#ended(lane, after, false);
  }

  #isTaken({ agent, lane, asked }: TickWrites["answers"][number]): boolean {
    const row = this.#world.database.tables.agents.get(agent);
    return row?.removed_at === null && asked === (lane === "stacks" ? row.stx_address : row.btc_address);
  }

  /** @param isNew whether the rotation begins here; in the middle of one, nobody is known to have been there throughout */
  #begin(lane: Lane, answered: Set<string>, isNew: boolean): void {
    const isListedAsRead = isNew && !this.#world.refusals.roster; // who left a roster that is refused may not be asked
    const listed = isListedAsRead ? this.#world.database.listed.map(({ stx_address }) => stx_address) : [];
    this.#lanes[lane] = { attempted: answered, listedThroughout: new Set(listed) };
  }

  #forgetUnlisted(lane: Lane): void {
    const listed = new Set(this.#world.database.listed.map(({ stx_address }) => stx_address));
    const watched = this.#lanes[lane];
    watched.listedThroughout = new Set([...watched.listedThroughout].filter((address) => listed.has(address)));
  }

  /** The cursor passes nobody whose attempt is not in this very commit, and never goes back. */
  #covers(lane: Lane, before: LanePlace, after: LanePlace, answered: ReadonlySet<string>): void {
    const isClosed = before.isOpen && !after.isOpen;
    const isBack = after.cursor < before.cursor && after.isOpen;
    this.#assert(!isBack, "I-2 cursor", () => `${lane} went back from ${before.cursor} to ${after.cursor}`);
    if (after.cursor === before.cursor && !isClosed) return;
    const passed = this.#world.database.listed.filter(
      ({ stx_address: address }) => address > before.cursor && (isClosed || address <= after.cursor),
    );
    // Who was asked of the address in a roster that is refused has no answer about the one that stays.
    const { refusals, roster } = this.#world;
    const isCorrected = (row: { stx_address: string; btc_address: string }) =>
      refusals.roster &&
      !roster.some((one) => one.stxAddress === row.stx_address && one.btcAddress === row.btc_address);
    const missed = passed.filter((row) => !answered.has(row.stx_address) && !isCorrected(row));
    this.#assert(missed.length === 0, "I-2 cursor", () => `${lane} passed ${missed.map((one) => one.stx_address)}`);
  }

  #ended(lane: Lane, { rotation, cursor }: LanePlace, isCut: boolean): void {
    this.#world.tally.add(`rotations ended: ${lane}`);
    const { attempted, listedThroughout } = this.#lanes[lane];
    if (isCut) {
      this.#world.tally.add("rotations whose last agents left the roster");
      const left = this.#world.database.listed.filter(({ stx_address }) => stx_address > cursor);
      this.#assert(left.length === 0, "I-1 coverage", () => `${lane} left rotation ${rotation} at ${cursor}`);
    }
    const skipped = [...listedThroughout].filter((address) => !attempted.has(address));
    this.#assert(skipped.length === 0, "I-1 coverage", () => `${lane} rotation ${rotation} skipped ${skipped}`);
  }

  /** A balance changes only to what a valid answer about its address said just now, or to zero by a release. */
  #sawChange({ agent, tokenId, before, after, by, asked }: BalanceChange, failed: ReadonlySet<string>): void {
    const { said, clock, tally, database } = this.#world;
    const lane: Lane = tokenId === BTC ? "bitcoin" : "stacks";
    tally.add("balances changed");
    const what = () => `${agent} ${tokenId}: ${before} to ${after}, asked of ${asked}`;
    if (by === "release") {
      const address = tokenId === BTC ? (database.tables.agents.get(agent)?.btc_address ?? "") : agent;
      this.#assert(said.wasSaid(address, tokenId, "0"), "I-3 balances", () => `${what()}, which nobody ever said`);
      return;
    }
    this.#assert(!failed.has(`${lane} ${agent}`), "I-3 balances", () => `${what()}, after a failure`);
    const isSaid = said.wasSaid(asked, tokenId, after ?? "0", clock.nowMs);
    this.#assert(isSaid, "I-3 balances", () => `${what()}, which nobody said just now`);
  }

  /** A good answer is written whole, but for a fall to zero that is held back. @returns the pairs that were kept */
  #sawAnswer(answer: TickWrites["answers"][number]): string[] {
    const { agent, lane, asked, error } = answer;
    if (isFailure(error) || !this.#isTaken(answer)) return [];
    const { database, said, clock } = this.#world;
    const rows = database.tables.balances.get(agent);
    const kept: string[] = [];
    for (const tokenId of new Set([...(rows?.keys() ?? []), ...said.tokensOf(asked)])) {
      if ((tokenId === BTC) !== (lane === "bitcoin")) continue;
      const raw = rows?.get(tokenId)?.raw_amount ?? "0";
      if (said.wasSaid(asked, tokenId, raw, clock.nowMs)) continue;
      const isFall = isCounted(tokenId) && said.wasSaid(asked, tokenId, "0", clock.nowMs);
      const isHeld = isFall && error === FALL_HELD;
      this.#assert(isHeld, "I-23 holds", () => `${agent} keeps ${raw} ${tokenId} against its answer (${error})`);
      kept.push(`${tokenId} ${agent}`);
    }
    return kept;
  }
}

function isFailure(error: string | null): boolean {
  return error !== null && error !== FALL_HELD;
}

function newLane(): LaneWatch {
  return { attempted: new Set(), listedThroughout: new Set() };
}
