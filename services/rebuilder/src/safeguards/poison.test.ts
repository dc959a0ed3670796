import { LANES, type Lane } from "@standings/balances";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  beginAttempt,
  type CrashMemory,
  endAttempt,
  type LaneEnd,
  NEW_CRASHES,
  PASS_OVER_MS,
  toSpanPlan,
} from "./poison.ts";

const NOW = 1_800_000_000_000;
const CHUNK = 100;
const AGENTS = 250;

describe("crashes", () => {
  it("at one pair of places set the lanes apart with the third, and not with two", () => {
    expect(crash(NEW_CRASHES, 2)).toMatchObject({ count: 2, lastTurn: null, running: { turn: null } });
    expect(crash(NEW_CRASHES, 3)).toMatchObject({ count: 3, lastTurn: "stacks", running: { turn: "stacks" } });
    expect(crash(NEW_CRASHES, 4).running?.turn).toBe("bitcoin");
  });

  it("at different places are a coincidence", () => {
    let memory = NEW_CRASHES;
    for (let place = 0; place < 10; place++) memory = beginAttempt(memory, `${place}`, NOW);
    expect(memory.running?.turn).toBeNull();
  });

  it("in a row end with the first tick that ends", () => {
    const memory = end(crash(NEW_CRASHES, 2));
    expect(memory).toEqual(NEW_CRASHES);
    expect(crash(memory, 1).count).toBe(1); // the first attempt after it is no crash
  });

  it("of both lanes, as when the database or the host object fails, halve nobody and pass over nobody (M3)", () => {
    const memory = crash(NEW_CRASHES, 200);
    expect(memory.passedOver).toEqual([]);
    for (const lane of LANES) expect(toSpanPlan(memory.spans[lane], CHUNK)).toEqual({ size: CHUNK, passesOver: false });
  });
});

describe("toSpanPlan", () => {
  it("halves with each crash down to one agent, who is passed over after three more", () => {
    const plan = (halvings: number) => toSpanPlan({ halvings, until: null }, CHUNK);
    expect([0, 1, 2, 6, 7, 8].map((halvings) => plan(halvings).size)).toEqual([100, 50, 25, 1, 1, 1]);
    expect([8, 9].map((halvings) => plan(halvings).passesOver)).toEqual([false, true]);
    expect(toSpanPlan(null, CHUNK)).toEqual({ size: CHUNK, passesOver: false });
    expect(toSpanPlan({ halvings: 2, until: null }, 1)).toEqual({ size: 1, passesOver: false });
  });
});

describe("agents that bring ticks down", () => {
  it("are found once, three among a hundred, and no healthy one with them (M2)", () => {
    const run = rotate(NEW_CRASHES, { stacks: [17, 55, 56], bitcoin: [] });
    expect(found(run.memory, "stacks")).toEqual([17, 55, 56]);
    expect(found(run.memory, "bitcoin")).toEqual([]);
    expect(run.crashes).toBeLessThanOrEqual(3 + 3 * 10);
    expect(rotate(run.memory, { stacks: [17, 55, 56], bitcoin: [] }).crashes).toBe(0);
  });

  it("on both lanes at one place are found too: a tick that asks nobody shows that they are at fault (M2)", () => {
    const { memory } = rotate(NEW_CRASHES, { stacks: [0, 40], bitcoin: [0, 40] });
    expect([found(memory, "stacks"), found(memory, "bitcoin")]).toEqual([
      [0, 40],
      [0, 40],
    ]);
  });

  it("cost the agents behind their span nothing: chunks are whole again there, on both lanes at once", () => {
    const { sizesBehind, memory } = rotate(NEW_CRASHES, { stacks: [17], bitcoin: [] });
    expect(Math.min(...sizesBehind)).toBeGreaterThanOrEqual(50);
    expect(memory.lastTurn).toBeNull();
  });

  it("are halved by one crash only for each tick that ended without their lane", () => {
    const ended = crash(NEW_CRASHES, 4); // stacks crashed, and it is bitcoin's turn
    const lane: LaneEnd = { hasMoved: true, hasEndedRotation: false, cursor: "1", span: null, chunkSize: CHUNK };
    const stacks = { ...lane, hasMoved: false, span: ended.spans.stacks };
    const first = beginAttempt(endAttempt(ended, { stacks, bitcoin: lane }, []), "here", NOW);
    const later = [first];
    for (let more = 0; more < 6; more++) later.push(beginAttempt(later.at(-1) ?? first, "here", NOW));
    expect(later.map(({ spans }) => spans.stacks?.halvings)).toEqual([0, 1, 1, 1, 1, 1, 1]);
  });

  it("of one lane hold up the other for no agent", () => {
    const { asked } = rotate(NEW_CRASHES, { stacks: [17], bitcoin: [] });
    expect(asked.bitcoin).toBe(AGENTS);
  });

  it("are given another chance after a day, and at once when a clock was set back", () => {
    const { memory } = rotate(NEW_CRASHES, { stacks: [17], bitcoin: [] });
    const left = (nowMs: number) => beginAttempt(memory, "x", nowMs).passedOver.length;
    expect([left(NOW), left(NOW + PASS_OVER_MS - 1), left(NOW + PASS_OVER_MS), left(NOW - 1)]).toEqual([1, 1, 0, 0]);
  });

  it("are all found, whoever they are and on whichever lane, and a rotation always ends", () => {
    const some = fc.uniqueArray(fc.nat(AGENTS - 1), { maxLength: 4 });
    fc.assert(
      fc.property(some, some, (stacks, bitcoin) => {
        const poison = { stacks, bitcoin };
        const { memory, crashes } = rotate(NEW_CRASHES, poison);
        for (const lane of LANES) {
          expect(found(memory, lane)).toEqual([...poison[lane]].sort((a, b) => a - b));
          expect(memory.spans[lane]).toBeNull();
        }
        expect(crashes).toBeLessThanOrEqual(2 * (3 + 10 * (stacks.length + bitcoin.length)));
      }),
      { numRuns: 60 },
    );
  });
});

type Cursors = Record<Lane, number>;

/** One rotation on both lanes, as ticks plan it: a tick that asks a poison agent never ends. */
function rotate(start: CrashMemory, poison: Record<Lane, readonly number[]>) {
  let memory = start;
  let crashes = 0;
  const cursors: Cursors = { stacks: 0, bitcoin: 0 };
  const asked: Cursors = { stacks: 0, bitcoin: 0 };
  const sizesBehind: number[] = []; // of chunks past the first span
  for (let attempt = 0; LANES.some((lane) => cursors[lane] < AGENTS) && attempt < 1_000; attempt++) {
    memory = beginAttempt(memory, `${cursors.stacks} ${cursors.bitcoin}`, NOW);
    const plans = { stacks: plan("stacks", memory, cursors), bitcoin: plan("bitcoin", memory, cursors) };
    if (LANES.some((lane) => plans[lane].agents.some((agent) => poison[lane].includes(agent)))) {
      crashes++;
      continue;
    }
    const ends = { stacks: toEnd("stacks"), bitcoin: toEnd("bitcoin") };
    memory = endAttempt(
      memory,
      ends,
      LANES.flatMap((lane) => plans[lane].newlySkipped),
    );

    function toEnd(lane: Lane): LaneEnd {
      const { next, span, agents } = plans[lane];
      const hasMoved = next > cursors[lane];
      asked[lane] += agents.length;
      if (lane === "stacks" && cursors.stacks >= CHUNK) sizesBehind.push(agents.length);
      cursors[lane] = next;
      return {
        hasMoved,
        hasEndedRotation: hasMoved && next >= AGENTS,
        cursor: next >= AGENTS ? "" : toAddress(next - 1),
        span,
        chunkSize: CHUNK,
      };
    }
  }
  expect(cursors).toEqual({ stacks: AGENTS, bitcoin: AGENTS });
  return { memory, crashes, asked, sizesBehind };
}

function plan(lane: Lane, memory: CrashMemory, cursors: Cursors) {
  const turn = memory.running?.turn ?? null;
  const known = memory.spans[lane];
  const span = known && { ...known, until: known.until ?? toAddress(Math.min(AGENTS, cursors[lane] + CHUNK) - 1) };
  const { size, passesOver } = toSpanPlan(span, CHUNK);
  const next = turn === null || turn === lane ? Math.min(AGENTS, cursors[lane] + size) : cursors[lane];
  const first = toAddress(cursors[lane]);
  const newlySkipped = passesOver && turn === lane ? [{ lane, address: first, until: NOW + PASS_OVER_MS }] : [];
  const skipped = [...memory.passedOver.filter((one) => one.lane === lane), ...newlySkipped].map(
    ({ address }) => address,
  );
  const agents = Array.from({ length: next - cursors[lane] }, (_, index) => cursors[lane] + index);
  return { span, next, newlySkipped, agents: agents.filter((agent) => !skipped.includes(toAddress(agent))) };
}

function found({ passedOver }: CrashMemory, lane: Lane): number[] {
  const addresses = passedOver.filter((one) => one.lane === lane).map(({ address }) => Number(address));
  return addresses.sort((a, b) => a - b);
}

function toAddress(agent: number): string {
  return String(agent).padStart(3, "0");
}

/** So many ticks that began at one pair of places and never ended, and the one that begins after them. */
function crash(start: CrashMemory, times: number): CrashMemory {
  let memory = start;
  for (let attempt = 0; attempt <= times; attempt++) memory = beginAttempt(memory, "here", NOW);
  return memory;
}

function end(memory: CrashMemory): CrashMemory {
  const lane = { hasMoved: true, hasEndedRotation: false, cursor: "1", span: null, chunkSize: CHUNK };
  return endAttempt(memory, { stacks: lane, bitcoin: lane }, []);
}
