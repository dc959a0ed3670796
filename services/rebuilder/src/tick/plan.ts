import { HIRO_CALLS } from "@standings/balances";
import type { AcceptedPrice, Progress, RosterPlace } from "@standings/db";
import { beginRotation, type Control, endIfReset, type RebuildState, reconcile } from "../rebuild/state.ts";
import type { Holders } from "../safeguards/falls.ts";
import { judgeRoster } from "../safeguards/roster-shrink.ts";
import { planChunkSize, shrinkAfterCrashes } from "./chunk.ts";
import { withDeadline } from "./deadline.ts";
import { describeError, type Tick, type TickDeps } from "./tick.ts";

/** KV answers in milliseconds; the roster is worth no longer wait, the last one serves. */
export const ROSTER_TIMEOUT_MS = 8_000;

export interface Plan {
  state: RebuildState;
  progress: Progress;
  agents: RosterPlace[];
  endsRotation: boolean; // when all of the agents are attempted
  lastGoodPrices: AcceptedPrice[];
  holders: Holders;
  isSkipping: boolean; // the one agent is passed over unfetched: every tick that began with it ended in a crash
}

/** Where the rebuild stands, whose turn it is, and at the start of a rotation the roster. Throws when D1 does. */
export async function planTick(
  tick: Tick,
  { state: remembered, control, unfinished }: Awaited<ReturnType<TickDeps["memory"]["load"]>>,
  deps: TickDeps,
): Promise<Plan> {
  const { store } = tick;
  let progress = await store.getProgress();
  let state = endIfReset(reconcile(remembered, progress), control);
  const strikes = unfinished.cursor === state.cursor ? unfinished.count : 0;
  const fullSize = planChunkSize({ ...deps.config, stacksCalls: HIRO_CALLS[tick.routes.version] });
  const { chunkSize, isSkipping } = shrinkAfterCrashes(fullSize, strikes);
  for (let wraps = 0; ; wraps++) {
    if (state.cursor === "") {
      const roster = await readRoster(tick, state, control, progress, deps);
      state = { ...state, roster };
      if (roster.source === "kv") progress = { ...progress, agents: roster.accepted };
      if (!state.rotation.open) state = beginRotation(state, progress, tick.startedAt);
    }
    state = { ...state, rotation: { ...state.rotation, total: progress.agents } };
    const next = await store.listAgentsAfter(state.cursor, chunkSize + 1);
    // The roster can lose everybody after the cursor: the rotation is then over, and the next one starts at once.
    if (next.length === 0 && state.cursor !== "" && wraps === 0) {
      state = { ...state, cursor: "", rotation: { ...state.rotation, open: false } };
      continue;
    }
    const agents = next.slice(0, chunkSize);
    return {
      state,
      progress,
      agents,
      endsRotation: next.length <= chunkSize,
      lastGoodPrices: next.length > 0 ? await store.getLastGoodPrices() : [],
      holders: next.length > 0 ? await store.getHolders(agents.map((agent) => agent.stxAddress)) : new Map(),
      isSkipping,
    };
  }
}

async function readRoster(tick: Tick, state: RebuildState, control: Control, progress: Progress, deps: TickDeps) {
  const known = { roster: state.roster, agents: progress.agents, acceptedIds: control.acceptedIds };
  tick.budget.spend();
  let text: string | null;
  try {
    text = await withDeadline(deps.clock, "the roster", ROSTER_TIMEOUT_MS, deps.readRoster());
  } catch (error) {
    const source = progress.agents > 0 ? ("kept" as const) : ("none" as const);
    return { ...state.roster, source, problem: `the roster could not be read: ${describeError(error)}` };
  }
  const { agents, roster } = judgeRoster(text, known, deps.clock.now());
  if (agents) await tick.store.applyRoster(agents, deps.clock.now());
  return roster;
}
