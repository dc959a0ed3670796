import type { NewPublication, NewTickCommit, TickWrites } from "@standings/db";
import type { Config } from "../src/config.ts";
import type { Control, State } from "../src/tick/memory.ts";
import type { DatabaseMode, DatabaseScope, Refusals } from "./database-modes.ts";
import type { LiveObject } from "./live-object.ts";
import type { ModelDatabase } from "./model-database.ts";
import type { BalanceChange } from "./model-tables.ts";
import type { RosterEntry } from "./roster-source.ts";
import type { Said } from "./said.ts";
import type { Tally } from "./tally.ts";
import type { Assert } from "./violation.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A world as those see it who watch it, and who answer for a part of it. */
export interface Scene {
  readonly seed: number;
  readonly config: Config;
  readonly clock: VirtualClock;
  readonly database: ModelDatabase;
  readonly said: Said;
  readonly tally: Tally;
  readonly watch: Sightings;
  readonly databaseMode: { mode: DatabaseMode; on: DatabaseScope };
  readonly refusals: Refusals;
  readonly storageMode: string;
  readonly roster: readonly RosterEntry[];
  readonly isBusy: boolean;
  readonly isAlarmStuck: boolean;
  readonly alarmAt: number | null;
  readonly stale: LiveObject | undefined;
  readonly steps: number;
  readonly state: State;
  readonly control: Control;
  stored(key: string): unknown;
  effect<T>(object: LiveObject, apply: () => T | Promise<T>): Promise<T>;
}

/** What is told to whoever watches. */
export interface Sightings {
  readonly hasGoneBack: boolean;
  assert: Assert;
  sawSubrequest(object: LiveObject): void;
  sawCommit(
    object: LiveObject,
    writes: TickWrites,
    publication: NewPublication | undefined,
    changes: readonly BalanceChange[],
  ): void;
  sawPublishedApart(object: LiveObject, fence: NewTickCommit, publication: NewPublication): void;
}
