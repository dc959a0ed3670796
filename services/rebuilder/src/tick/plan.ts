import { LANES, type Lane, type RosterAgent } from "@standings/balances";
import type { AcceptedPrice, ListedAgent, PlanRead, RosterChange, RosterPlace, Stored } from "@standings/db";
import { beginTurn, type LaneMemory, PROBES_PER_TICK } from "../safeguards/lane-health.ts";
import { type BadSpan, type Turn, toSpanPlan } from "../safeguards/poison.ts";
import { judgeRoster, type RosterHold, type RosterMemory } from "../safeguards/roster-shrink.ts";
import { LANE_HOSTS, planChunkSize, toEvenChunk } from "./chunk.ts";
import { withDeadline } from "./deadline.ts";
import { beginRotation, endIfReset, highestRotation, parsePlace, toUnknownPlace, waitsForOther } from "./lanes.ts";
import type { LanePlace, Memory, Place } from "./memory.ts";
import { toRosterChange } from "./roster-change.ts";
import { describeError, type Tick } from "./tick.ts";

/** KV answers in milliseconds; the roster is worth no longer wait, the last one serves. */
const ROSTER_TIMEOUT_MS = 8_000;

/** Whom a lane asks in this tick, and from where. */
export interface LanePlan {
  place: LanePlace; // as the turn begins
  memory: LaneMemory;
  agents: RosterPlace[];
  endsRotation: boolean; // when all of the agents are asked
  probes: RosterPlace[]; // whom a probing lane asks first, one at a time
  sample: RosterPlace | null; // asked to see whether asking at all brings the tick down; the answer counts for nothing
  waitsFor: string | null; // why the lane asks nobody although it is well
  chunkSize: number; // of a turn without a bad span
  span: BadSpan | null; // completed by what the plan knows of it
  skipped: ReadonlySet<string>; // agents passed over unasked: every tick that began with one of them crashed
  newlySkipped: string | null; // of those, the one that this tick found
}

export interface Plan {
  epoch: number; // of the newest commit
  version: number; // the highest ever published, as D1 and the object know it
  place: Place; // as the tick begins
  listedAgents: number; // before a roster of this tick
  highestRotation: number;
  roster: { change: RosterChange | null; memory: RosterMemory; hold: RosterHold | undefined };
  lanes: Record<Lane, LanePlan>;
  stored: Stored;
  lastGoodPrices: AcceptedPrice[];
  hasPublication: boolean;
}

/** Where the lanes stand, whose turn it is, and the roster when it is due. Throws when D1 does. */
export async function planTick(tick: Tick, memory: Memory): Promise<Plan> {
  const { store } = tick;
  const read = await store.readPlan();
  const found = toPlace(read, memory);
  const roster = await planRoster(tick, memory, found);
  const place = { ...found.place, agents: roster.agents?.length ?? found.place.agents };
  const lanes = await planLanes(tick, memory, place, found.highest, roster.agents);
  const asked = [...new Set(LANES.flatMap((lane) => lanes[lane].agents.map((agent) => agent.stxAddress)))];
  return {
    epoch: read.commit?.epoch ?? 0,
    version: Math.max(read.publication?.version ?? 0, memory.state.version),
    place,
    listedAgents: found.place.agents,
    highestRotation: found.highest,
    roster,
    lanes,
    stored: await store.getStored(asked),
    lastGoodPrices: read.prices,
    hasPublication: read.publication !== null,
  };
}

/** The newest commit's own place; without one, the beginning of a new rotation above all that is known. */
function toPlace(read: PlanRead, { state, control }: Memory): { place: Place; highest: number; hasBegunAnew: boolean } {
  const stored = parsePlace(read.commit?.place ?? null);
  const highest = Math.max(
    highestRotation(stored),
    highestRotation(state.place),
    read.publication?.rotation ?? 0,
    read.fetchesRotation ?? 0,
  );
  const agents = stored?.agents ?? read.listedAgents ?? state.place?.agents ?? 0;
  const place = endIfReset(stored ?? toUnknownPlace(highest, agents, control.resets), control.resets);
  return { place, highest, hasBegunAnew: stored === undefined || stored.resets !== control.resets };
}

interface RosterPlan {
  agents: RosterAgent[] | undefined; // of an accepted roster; undefined = those that D1 lists
  change: RosterChange | null;
  memory: RosterMemory;
  hold: RosterHold | undefined;
}

async function planRoster(tick: Tick, memory: Memory, found: ReturnType<typeof toPlace>): Promise<RosterPlan> {
  const known = memory.state.roster;
  const hold = memory.state.holds.find((one) => one.kind === "roster");
  const isAccepted = hold !== undefined && memory.control.acceptedIds.includes(hold.id);
  const unread = { agents: undefined, change: null, memory: known, hold };
  if (!isRosterDue(tick, known, found, isAccepted)) return unread;
  tick.budget.spend();
  const { clock, newId, readRoster } = tick.deps;
  let text: string | null;
  try {
    text = await withDeadline(clock, "the roster", ROSTER_TIMEOUT_MS, readRoster());
  } catch (error) {
    const source = found.place.agents > 0 ? ("kept" as const) : ("none" as const);
    return {
      ...unread,
      memory: { ...known, source, problem: `the roster could not be read: ${describeError(error)}` },
    };
  }
  const listed = found.place.agents;
  const verdict = judgeRoster({ text, memory: known, hold, isAccepted, listed, nowMs: tick.now(), newId });
  const { agents } = verdict;
  if (!agents) return { ...verdict, agents: undefined, change: null };
  const before: ListedAgent[] = await tick.store.getListedAgents();
  return { ...verdict, agents, change: toRosterChange(before, agents, tick.now()) };
}

/**
 * Old, or not read since a start or a reset, or about to be accepted; a clock that was set back makes no roster young. One
 * that was not usable is read again with every tick, but for one that the database refused: that costs a commit.
 */
function isRosterDue(
  { deps: { config }, startedAt }: Tick,
  { readAt, problem, isRefused }: RosterMemory,
  { place, hasBegunAnew }: ReturnType<typeof toPlace>,
  isAccepted: boolean,
): boolean {
  if (readAt === null || place.agents === 0 || hasBegunAnew || isAccepted) return true;
  if (problem !== null && !isRefused) return true;
  return startedAt - readAt >= config.rosterMaxAgeMs || readAt > startedAt;
}

type PlannedPlace = Pick<LanePlan, "place" | "memory" | "waitsFor">;

async function planLanes(
  tick: Tick,
  memory: Memory,
  place: Place,
  highest: number,
  roster: readonly RosterAgent[] | undefined,
): Promise<Record<Lane, LanePlan>> {
  const chunkSize = toEvenChunk(place.agents, planChunkSize({ ...tick.deps.config, hiro: tick.routes.version }));
  const planned = planPlaces(tick, memory, place, highest, chunkSize);
  const sorted = roster?.map(({ stxAddress, btcAddress }) => ({ stxAddress, btcAddress })).sort(byAddress);
  const list = async (places: Record<Lane, PlannedPlace>) => {
    const limit = chunkSize + 1;
    const stacks = { cursor: places.stacks.place.cursor, limit };
    const bitcoin = { cursor: places.bitcoin.place.cursor, limit };
    if (!sorted) return tick.store.listAgentsAfter({ stacks, bitcoin });
    const after = ({ cursor }: { cursor: string }) => sorted.filter((one) => one.stxAddress > cursor).slice(0, limit);
    return { stacks: after(stacks), bitcoin: after(bitcoin) };
  };
  let next = await list(planned);
  // The roster can lose everybody after a cursor: that rotation is over, and the next one begins at once.
  const wrapped = LANES.filter((lane) => planned[lane].place.cursor !== "" && next[lane].length === 0);
  for (const lane of wrapped) {
    planned[lane].place = beginRotation(planned[lane].place, highest, place.agents, tick.startedAt);
  }
  if (wrapped.length > 0) next = await list(planned);
  const lanes = {
    stacks: toLanePlan("stacks", planned.stacks, next.stacks, chunkSize, tick, memory),
    bitcoin: toLanePlan("bitcoin", planned.bitcoin, next.bitcoin, chunkSize, tick, memory),
  };
  return withProbes(lanes, tick, memory.crashes.running?.turn ?? null);
}

/** The lanes at the beginning of this tick: rested, waiting, or in a rotation of their own. */
function planPlaces(tick: Tick, memory: Memory, place: Place, highest: number, chunkSize: number) {
  const { startedAt, gates } = tick;
  const current = (lane: Lane) => ({
    place: { ...place[lane], total: place.agents },
    memory: beginTurn(memory.state.lanes[lane], startedAt),
    isGated: gates.isClosed(LANE_HOSTS[lane]),
  });
  const lanes = { stacks: current("stacks"), bitcoin: current("bitcoin") };
  const toPlanned = (lane: Lane): PlannedPlace => {
    const own = lanes[lane];
    if (own.place.isOpen) return { place: own.place, memory: own.memory, waitsFor: null };
    if (waitsForOther(lanes, lane, { agents: place.agents, chunkSize })) {
      const waited = own.memory.waited + 1;
      return {
        place: own.place,
        memory: { ...own.memory, waited },
        waitsFor: "the other lane, to ask the same agents",
      };
    }
    const begun = beginRotation(own.place, highest, place.agents, startedAt);
    return { place: begun, memory: { ...own.memory, waited: 0 }, waitsFor: null };
  };
  return { stacks: toPlanned("stacks"), bitcoin: toPlanned("bitcoin") };
}

function toLanePlan(
  lane: Lane,
  { place, memory, waitsFor }: PlannedPlace,
  next: readonly RosterPlace[],
  chunkSize: number,
  { deps }: Tick,
  { crashes }: Memory,
): LanePlan {
  const { turn } = crashes.running ?? { turn: null };
  const isOthersTurn = turn !== null && turn !== lane;
  const span = crashes.spans[lane] && {
    ...crashes.spans[lane],
    until: crashes.spans[lane].until ?? next[Math.min(next.length, chunkSize) - 1]?.stxAddress ?? null,
  };
  const { size, passesOver } = toSpanPlan(span, chunkSize);
  const takesNone = waitsFor !== null || isOthersTurn;
  const agents = takesNone ? [] : next.slice(0, size);
  const newlySkipped = passesOver && turn === lane ? (agents[0]?.stxAddress ?? null) : null;
  const known = crashes.passedOver.filter((one) => one.lane === lane && one.until > deps.clock.now());
  return {
    place,
    memory,
    agents,
    endsRotation: !takesNone && next.length <= size,
    probes: [],
    sample: null,
    waitsFor: waitsFor ?? (isOthersTurn ? "its turn, while it is found out which lane's ticks crash" : null),
    chunkSize,
    span,
    skipped: new Set([...known.map(({ address }) => address), ...(newlySkipped === null ? [] : [newlySkipped])]),
    newlySkipped,
  };
}

/**
 * A probing lane first asks the agent at its cursor, then others from anywhere: bad neighbours, which a stranger can
 * register, must not keep it from finding out that its host is well.
 */
async function withProbes(
  lanes: Record<Lane, LanePlan>,
  tick: Tick,
  turn: Turn | null,
): Promise<Record<Lane, LanePlan>> {
  const probing = LANES.filter((lane) => lanes[lane].memory.health === "probing" && lanes[lane].agents.length > 0);
  const sampled = turn === "neither" ? LANES : [];
  if (probing.length + sampled.length === 0) return lanes;
  // One call, about one roster: who comes after a place drawn at random, and at the start for where that is past the last.
  const after = { cursor: toRandomCursor(tick.deps.random), limit: PROBES_PER_TICK };
  const found = await tick.store.listAgentsAfter({ stacks: after, bitcoin: { ...after, cursor: "" } });
  const elsewhere = [...found.stacks, ...found.bitcoin];
  const withTheirs = { ...lanes };
  for (const lane of probing) {
    const first = lanes[lane].agents.slice(0, 1);
    const probes = new Map([...first, ...elsewhere].map((agent) => [agent.stxAddress, agent]));
    withTheirs[lane] = { ...lanes[lane], probes: [...probes.values()].slice(0, PROBES_PER_TICK) };
  }
  for (const lane of sampled) withTheirs[lane] = { ...withTheirs[lane], sample: elsewhere[0] ?? null };
  return withTheirs;
}

/**
 * Somewhere among the addresses of single-signature principals, which nearly all agents have: 192 bits, so that the first
 * letter has two of them, and is left out where it is zero.
 */
function toRandomCursor(random: () => number): string {
  const draw = (letters: number) => C32_ALPHABET[Math.floor(random() * letters)] ?? "";
  const drawn = draw(4) + Array.from({ length: 3 }, () => draw(C32_ALPHABET.length)).join("");
  return `SP${drawn.replace(/^0/, "")}`;
}

// Crockford's alphabet as c32check has it.
const C32_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

function byAddress(a: RosterPlace, b: RosterPlace): number {
  return a.stxAddress < b.stxAddress ? -1 : 1;
}
