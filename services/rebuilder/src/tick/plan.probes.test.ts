import { createBudget, type Lane } from "@standings/balances";
import type { RosterPlace } from "@standings/db";
import { c32address } from "c32check";
import { expect, it } from "vitest";
import { CONFIG } from "../../test/config.ts";
import { NEW_CONTROL, NEW_STATE } from "../../test/plan.ts";
import { NEW_LANE, PROBES_PER_TICK } from "../safeguards/lane-health.ts";
import { NEW_CRASHES } from "../safeguards/poison.ts";
import { NEW_ROSTER } from "../safeguards/roster-shrink.ts";
import { NEW_LANE_PLACE } from "./lanes.ts";
import type { Memory } from "./memory.ts";
import { planTick } from "./plan.ts";
import type { Store } from "./store.ts";
import type { Tick } from "./tick.ts";

const NOW = 1_800_000_000_000;

it("asks the agent at its cursor first, then others from anywhere, each about as often", async () => {
  const random = toRandom(7);
  const roster = toRoster(Array.from({ length: 40 }, () => toHash(random)));
  const asked = new Map<string, number>();
  for (let tick = 0; tick < 400; tick++) {
    const probes = await planProbes(roster, random);
    expect(probes[0]).toBe(roster[10]?.stxAddress);
    for (const address of probes.slice(1)) asked.set(address, (asked.get(address) ?? 0) + 1);
  }
  expect(asked.size).toBeGreaterThan(35);
  const inFirstThree = [...asked].filter(([address]) => /^SP[123]/.test(address)).map(([, times]) => times);
  const all = [...asked.values()].reduce((sum, times) => sum + times, 0);
  expect(inFirstThree.reduce((sum, times) => sum + times, 0) / all).toBeGreaterThan(0.6); // as three of four addresses do
});

it("finds others wherever they are: a roster of a few low addresses too", async () => {
  const roster = toRoster(Array.from({ length: 15 }, (_, index) => (index + 1).toString(16).padStart(40, "0")));
  for (const value of [0, 0.3, 0.7, 0.999]) {
    const probes = await planProbes(roster, () => value);
    expect(new Set(probes).size).toBe(PROBES_PER_TICK);
  }
});

/** Whom a probing lane that stands behind its tenth agent asks. */
async function planProbes(roster: RosterPlace[], random: () => number): Promise<string[]> {
  const after = ({ cursor, limit }: { cursor: string; limit: number }) =>
    roster.filter(({ stxAddress }) => stxAddress > cursor).slice(0, limit);
  const open = { ...NEW_LANE_PLACE, rotation: 1, isOpen: true, cursor: roster[9]?.stxAddress ?? "" };
  const place = { agents: roster.length, resets: 0, stacks: open, bitcoin: open };
  const store: Pick<Store, "readPlan" | "listAgentsAfter" | "getStored"> = {
    readPlan: async () => ({
      commit: { epoch: 1, tickId: "before", committedAt: NOW, place: JSON.stringify(place) },
      publication: null,
      fetchesRotation: null,
      listedAgents: null,
      prices: [],
    }),
    listAgentsAfter: async (places: Record<Lane, { cursor: string; limit: number }>) => ({
      stacks: after(places.stacks),
      bitcoin: after(places.bitcoin),
    }),
    getStored: async () => ({ agents: new Map(), countedTokens: new Set() }),
  };
  const tick = {
    startedAt: NOW,
    deps: { config: CONFIG, clock: { now: () => NOW, after: () => () => {} }, random, newId: () => "id" },
    budget: createBudget(250),
    gates: { isClosed: () => false },
    routes: { version: "v1" },
    store,
    now: () => NOW,
  } as unknown as Tick;
  const rested = { ...NEW_LANE, health: "resting" as const, since: NOW - 600_000, until: NOW };
  const state = { ...NEW_STATE, lanes: { stacks: rested, bitcoin: NEW_LANE }, roster: { ...NEW_ROSTER, readAt: NOW } };
  const memory: Memory = { state, control: NEW_CONTROL, crashes: NEW_CRASHES };
  const { lanes } = await planTick(tick, memory);
  expect(lanes.bitcoin.probes).toEqual([]);
  return lanes.stacks.probes.map(({ stxAddress }) => stxAddress);
}

function toRoster(hashes: readonly string[]): RosterPlace[] {
  const agents = hashes.map((hash) => ({ stxAddress: c32address(22, hash), btcAddress: "bc1" }));
  return agents.sort((a, b) => (a.stxAddress < b.stxAddress ? -1 : 1));
}

function toHash(random: () => number): string {
  return Array.from({ length: 40 }, () => Math.floor(random() * 16).toString(16)).join("");
}

/** The same numbers for the same seed. */
function toRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
