import type { TickReport } from "../src/contract/status.ts";
import { MAX_FALL_HOLD_MS, ROTATIONS_TO_BELIEVE } from "../src/safeguards/falls.ts";
import type { State } from "../src/tick/memory.ts";
import { LANES } from "./model-tables.ts";
import type { Scene } from "./scene.ts";
import type { Tally } from "./tally.ts";

const before = new WeakMap<Scene, State>();

/** Counts what a tick that was saved came to, by its report and by what changed in memory. */
export function tellTick(world: Scene, state: State, report: TickReport): void {
  const { tally } = world;
  const last = before.get(world);
  before.set(world, state);
  tally.add(`ticks: ${report.outcome}`);
  tally.max("agents of a tick, at most", report.agents);
  for (const note of report.notes) tally.add(toNote(note));
  if (report.notes.some((note) => note.startsWith("the database refused"))) tally.add("commits in halves");
  if (report.error?.startsWith("the roster was refused")) tally.add("rosters refused by the database");
  if (!last) return;
  if (last.upstreams.hiro.version !== state.upstreams.hiro.version)
    tally.add(`to hiro ${state.upstreams.hiro.version}`);
  if (last.journal.publishing.mode !== state.journal.publishing.mode) tally.add(`to ${state.journal.publishing.mode}`);
  tellLanes(last, state, tally);
  tellHolds(last, state, world);
  for (const [tokenId, { confirmedBy }] of Object.entries(state.prices)) {
    if (last.prices[tokenId]?.confirmedBy !== confirmedBy) tally.add(`price confirmed by: ${confirmedBy}`);
  }
}

function tellLanes(last: State, state: State, tally: Tally): void {
  for (const lane of LANES) {
    const [was, is] = [last.lanes[lane], state.lanes[lane]];
    if (was.health !== is.health) tally.add(`${lane}: ${was.health} to ${is.health}`);
    if (is.waited > was.waited) tally.add("waits of a lane for the other");
    tally.add("agents found to fail by themselves", is.suspects.length > was.suspects.length ? 1 : 0);
  }
}

function tellHolds(last: State, state: State, { tally, clock }: Scene): void {
  for (const hold of last.holds) {
    const now = state.holds.find(({ id }) => id === hold.id);
    if (hold.kind !== "fall" || now) continue;
    const ages = hold.pairs.map(({ since }) => clock.read() - since);
    const isOld = ages.some((age) => age >= MAX_FALL_HOLD_MS);
    const isRepeated = hold.pairs.some(({ rotations }) => rotations >= ROTATIONS_TO_BELIEVE);
    tally.add(`falls ended: ${isOld ? "by time" : isRepeated ? "after three rotations" : "sooner"}`);
  }
}

/** Notes without what differs from one to the next. */
function toNote(note: string): string {
  if (note.startsWith("the database refused")) return "rows refused by the database";
  if (note.startsWith("the ranking was not published")) return "publications refused by the database";
  const [, why = ""] = /^the \w+ lane stopped: (.*)$/.exec(note) ?? [];
  return `a lane stopped: ${why.startsWith("the lane rests") ? "it rests" : why || note}`;
}
