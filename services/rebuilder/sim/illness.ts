import { BTC, COINS, isCounted } from "@standings/balances";
import { KEYS } from "../src/rebuild/memory.ts";
import { MIN_THRESHOLD_MS } from "../src/safeguards/freshness.ts";
import type { CrashMemory } from "../src/safeguards/poison.ts";
import { readFreshness } from "./freshness-watch.ts";
import type { World } from "./world.ts";

/** What only a person ends, by design: named here, and nothing else may stay. */
const NEEDS_A_PERSON = {
  roster: "a roster that really is much smaller",
  firstPrice: "the first price of a coin, of which one source alone speaks",
} as const;

/** What is still wrong with a board around which everything is well; empty = nothing. `person` is what waits for one. */
export function describeIllness(world: World): { illness: string[]; person: string[] } {
  const { state, control } = world;
  const illness: string[] = [];
  const person: string[] = [];
  for (const hold of state.holds) {
    if (hold.kind === "roster" && isSmall(world, hold.reference)) person.push(NEEDS_A_PERSON.roster);
    else if (hold.kind === "price" && hold.from === null && isLonely(world)) person.push(NEEDS_A_PERSON.firstPrice);
    else illness.push(`a hold stands: ${hold.id} since ${world.clock.read() - hold.since} ms`);
  }
  const { failedCommits, publishing } = state.journal;
  if (failedCommits > 0) illness.push(`${failedCommits} failed commits`);
  if (control.unwritten.length > 0) illness.push("actions are not written");
  for (const lane of ["stacks", "bitcoin"] as const) {
    const { health, why } = state.lanes[lane];
    if (health !== "well") illness.push(`${lane} is ${health}: ${why}`);
  }
  if (publishing.owed && !person.includes(NEEDS_A_PERSON.firstPrice)) illness.push("a ranking is owed");
  if (!person.includes(NEEDS_A_PERSON.roster)) illness.push(...describeRoster(world));
  illness.push(...describeBalances(world));
  if (!person.includes(NEEDS_A_PERSON.firstPrice)) illness.push(...describeBoard(world), ...describeFreshness(world));
  return { illness, person };
}

/** What the roster lists, each once. */
function listedOf({ roster }: World) {
  return new Map([...roster].reverse().map((agent) => [agent.stxAddress, agent]));
}

function isSmall(world: World, reference: number): boolean {
  return listedOf(world).size < reference * 0.8;
}

function isLonely({ upstreams }: World): boolean {
  return Object.keys(upstreams.lasting).includes("coinbase");
}

function describeRoster(world: World): string[] {
  const listed = new Map(world.database.listed.map((row) => [row.stx_address, row]));
  const entries = listedOf(world);
  const isSame =
    listed.size === entries.size &&
    [...entries].every(([address, entry]) => {
      const row = listed.get(address);
      return row?.btc_address === entry.btcAddress && row.display_name === (entry.displayName ?? null);
    });
  return isSame ? [] : ["the roster is not the listed one"];
}

/** Agents of whom nothing good can be had: strangers' bad ones, and those that bring ticks down. */
function isExcused(world: World, address: string): boolean {
  const { upstreams, crashers } = world;
  return upstreams.bad.has(address) || crashers.has(address) || isMistaken(world, address);
}

/** A search for poison is led astray for a day when the database goes back to another place in its middle. */
function isMistaken({ hasTravelled, crashers, stored }: World, address: string): boolean {
  if (!hasTravelled || crashers.size === 0) return false;
  const crashes = stored(KEYS.crashes) as CrashMemory | undefined;
  return crashes?.passedOver.some((one) => one.address === address) ?? false;
}

function describeBalances(world: World): string[] {
  const { database, wallets } = world;
  return database.listed.flatMap(({ stx_address: stx, btc_address: btc }) => {
    const illness: string[] = [];
    const fetch = database.tables.fetches.get(stx);
    const rows = database.tables.balances.get(stx);
    if (!isExcused(world, stx)) {
      if (fetch?.stacks_error != null || fetch?.stacks_good_at == null)
        illness.push(`${stx} stacks: ${fetch?.stacks_error}`);
      const expected = world.expectedOf(stx);
      for (const [tokenId, raw] of expected) {
        const stored = rows?.get(tokenId)?.raw_amount;
        if (stored !== raw) illness.push(`${stx} has ${stored} ${tokenId} for ${raw}`);
      }
      for (const [tokenId] of rows ?? []) {
        if (tokenId !== BTC && !expected.has(tokenId)) illness.push(`${stx} still has ${tokenId}`);
      }
    }
    if (!isExcused(world, btc) && !world.crashers.has(stx)) {
      if (fetch?.bitcoin_error != null || fetch?.bitcoin_good_at == null)
        illness.push(`${stx} bitcoin: ${fetch?.bitcoin_error}`);
      const stored = rows?.get(BTC)?.raw_amount;
      if (stored !== wallets.bitcoin(btc).toString()) illness.push(`${stx} has ${stored} BTC`);
    }
    return illness;
  });
}

function describeBoard(world: World): string[] {
  const { database } = world;
  const newest = database.newestPublication;
  if (!newest) return ["nothing is published"];
  const ranked = new Map(newest.standings.map((standing) => [standing.stxAddress, standing]));
  return database.listed.flatMap(({ stx_address: stx, btc_address: btc }) => {
    const standing = ranked.get(stx);
    if (isExcused(world, stx) || isExcused(world, btc)) return [];
    if (!standing) return [`${stx} is not ranked`];
    if (standing.partial) return [`${stx} is marked`];
    const rows = database.tables.balances.get(stx);
    const isOld = standing.tokens.some(({ id, raw }) => isCounted(id) && rows?.get(id)?.raw_amount !== raw);
    return isOld ? [`${stx} is ranked on old amounts`] : [];
  });
}

/** In the end readers are told that all is well, but for what strangers do. */
function describeFreshness(world: World): string[] {
  const read = readFreshness(world);
  if (!read) return ["nothing is known of the age"];
  const hasStrangers = world.upstreams.bad.size + world.crashers.size > 0;
  const isEverybodyExcused = world.database.listed.every(
    ({ stx_address: stx, btc_address: btc }) => isExcused(world, stx) || isExcused(world, btc),
  );
  const reasons = read.judged.reasons.filter(({ code, subject }) => {
    // Many bad agents are many failed calls: their ticks come at the slow interval, by which no lane is silent.
    if (code === "lane-silent" && hasStrangers && isAsked(world, subject)) return false;
    if (code === "lane-silent" && isEverybodyExcused) return false;
    if (code === "hold") return !world.state.holds.some(({ id, kind }) => id === subject && kind === "roster");
    return !(hasStrangers && ["lane-failing", "lane-aging", "lane-stale"].includes(code));
  });
  const missing = COINS.filter((coin) => !(coin in read.facts.prices));
  return [...reasons.map(({ code, why }) => `told ${code}: ${why}`), ...missing.map((coin) => `no price of ${coin}`)];
}

function isAsked({ state, clock, config }: World, lane: string | null): boolean {
  const { goodAt } = state.lanes[lane === "stacks" ? "stacks" : "bitcoin"];
  return clock.read() - (goodAt ?? 0) <= config.idleMs + MIN_THRESHOLD_MS;
}
