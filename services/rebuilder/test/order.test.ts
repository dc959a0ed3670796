import { SBTC_ASSET_ID } from "@standings/upstream-sim";
import { beforeEach, expect, it } from "vitest";
import { makeAgents } from "./agents.ts";
import { db, wipeDatabase } from "./database.ts";
import { createRig, giveCoins, isAbout, type Rig, respond } from "./rig.ts";

const SCHEDULES = 8;
const LATENCIES_MS = [0, 1_000, 2_000, 5_000];
const agents = makeAgents(20);

beforeEach(wipeDatabase);

// Times differ from schedule to schedule, and so do ids; who was asked, with what end and at what rank must not.
const TABLES = ["agents", "balances", "fetches", "tokens", "publications", "standings", "tick_commits"] as const;
const TIME = /(?:_at|_after|_since)$/;

it("leaves the same in D1 for every order in which the answers come", async () => {
  const [first, ...others] = await readAll(SCHEDULES, ordinary);
  expect(first?.standings?.length).toBe(2 * agents.length);
  for (const other of others) expect(other).toEqual(first);
});

it("does so when some agents fail, some hold more than before, and a token falls", async () => {
  const [first, ...others] = await readAll(SCHEDULES, eventful);
  expect(first?.fetches?.filter((row) => row.stacks_error === "http-error 500").length).toBe(2);
  expect(first?.fetches?.filter((row) => row.stacks_error === "fall-held").length).toBeGreaterThan(4);
  for (const other of others) expect(other).toEqual(first);
});

async function ordinary(rig: Rig): Promise<void> {
  await rig.alarms(2);
}

async function eventful(rig: Rig): Promise<void> {
  await rig.alarm();
  rig.upstream.faults.set([
    { kind: "forgets", host: "hiro", pathPrefix: "/extended", what: ["tokens"] },
    { kind: "5xx", host: "hiro", pathPrefix: "/v2" },
  ]);
  rig.upstream.intercept = (call) => {
    const index = agents.findIndex(({ stxAddress }) => stxAddress === call.address);
    return isAbout("stacks", call) && index % 10 === 7 ? respond(500) : undefined;
  };
  for (const [index, { stxAddress }] of agents.entries()) rig.holdings.stx.set(stxAddress, 100 - index);
  await rig.alarm();
}

async function readAll(schedules: number, run: (rig: Rig) => Promise<void>): Promise<Record<string, Row[]>[]> {
  const states: Record<string, Row[]>[] = [];
  for (let seed = 1; seed <= schedules; seed++) {
    await wipeDatabase();
    const rig = createRig(agents, { vars: { ALARM_INTERVAL_ACTIVE_MS: "600000" } });
    giveCoins(rig, agents);
    for (const { stxAddress } of agents.slice(0, 12)) rig.holdings.tokens.set(stxAddress, { [SBTC_ASSET_ID]: "500" });
    const random = createRandom(seed);
    rig.random = createRandom(7);
    rig.latency = () => LATENCIES_MS[Math.floor(random() * LATENCIES_MS.length)] ?? 0;
    await run(rig);
    states.push(await readTables());
  }
  return states;
}

type Row = Record<string, unknown>;

async function readTables(): Promise<Record<string, Row[]>> {
  const tables = TABLES.map(async (table) => {
    const rows = (await db.selectFrom(table).selectAll().execute()) as Row[];
    return [table, rows.map(withoutTimes).sort(byText)] as const;
  });
  return Object.fromEntries(await Promise.all(tables));
}

function withoutTimes({ tick_id: _id, ...row }: Row): Row {
  const entries = Object.entries(row).map(([name, value]) => {
    if (name === "place") return [name, withoutStart(value)];
    return [name, TIME.test(name) && value !== null ? "a time" : value];
  });
  return Object.fromEntries(entries);
}

function withoutStart(place: unknown): unknown {
  return JSON.parse(String(place), (name, value) => (name === "startedAt" ? undefined : value));
}

function byText(a: Row, b: Row): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** The same numbers for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
