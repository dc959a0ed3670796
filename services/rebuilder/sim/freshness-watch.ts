import { COINS, type Lane } from "@standings/balances";
import { type Freshness, type FreshnessFacts, freshnessFacts } from "../src/contract/freshness.ts";
import { judgeFreshness, MAX_COIN_PRICE_AGE_MS, toStaleAfterMs } from "../src/safeguards/freshness.ts";
import { COUNT_AGES_EVERY_MS } from "../src/tick/facts.ts";
import { LANES } from "./model-tables.ts";
import type { Scene } from "./scene.ts";

/** Readers are told of an age with the next tick that counts it. */
const SLACK_MS = COUNT_AGES_EVERY_MS + 2 * 600_000 + 60_000;

/** What a reader is told now, from D1 alone. Undefined until anything was written. */
export function readFreshness(world: Scene): { judged: Freshness; facts: FreshnessFacts } | undefined {
  const row = world.database.readFreshness();
  if (!row) return undefined;
  const parsed = freshnessFacts.safeParse(row.facts);
  world.watch.assert(parsed.success, "I-16 age", () => `facts that no reader understands: ${parsed.error?.message}`);
  if (!parsed.success) return undefined;
  const newest = world.database.newestPublication;
  const publication = newest ? { ...newest, agents: newest.standings.length } : null;
  const freshness = { ...row, facts: parsed.data };
  const judged = judgeFreshness({ publication, freshness, nowMs: world.clock.read() });
  return { judged, facts: parsed.data };
}

/** The age that readers are told is no younger than what D1's own rows say, whoever wrote the facts. */
export function checkFreshness(world: Scene): void {
  const { watch, clock, database, tally } = world;
  const read = readFreshness(world);
  if (!read || watch.hasGoneBack) return;
  const { judged, facts } = read;
  tally.add(`told: ${judged.status}`);
  if (!database.newestPublication) {
    watch.assert(judged.status === "starting", "I-16 age", () => `${judged.status} with nothing published`);
    return;
  }
  const nowMs = clock.read();
  const staleAfterMs = toStaleAfterMs(facts);
  const codes = judged.reasons.map(({ code }) => code).join();
  const isStale = judged.status === "stale";
  const tickAt = database.newestCommit?.committed_at ?? 0;
  const isSilent = nowMs - tickAt > staleAfterMs;
  watch.assert(
    isStale || !isSilent,
    "I-16 age",
    () => `no tick for ${nowMs - tickAt} ms, and told ${judged.status} ${codes}`,
  );
  for (const lane of LANES) {
    const times = goodTimes(world, lane);
    const halfMs = nowMs - (times[Math.floor(times.length / 2)] ?? nowMs);
    watch.assert(
      isStale || halfMs <= staleAfterMs + SLACK_MS,
      "I-16 age",
      () => `half of ${lane} is ${halfMs} ms old, and told ${judged.status} ${codes}`,
    );
    const newestMs = nowMs - (times.at(-1) ?? nowMs);
    const longest = 3 * Math.max(facts.rotationMs, Math.min(2 * 3_600_000, facts.budgetRotationMs)) + SLACK_MS;
    watch.assert(
      judged.status !== "ok" || newestMs <= longest,
      "I-16 age",
      () => `${lane} has had no answer for ${newestMs} ms, and told ok`,
    );
  }
  const prices = database.getPrices().filter(({ tokenId }) => COINS.includes(tokenId));
  const oldestMs = nowMs - Math.min(...prices.map(({ pricedAt }) => pricedAt));
  watch.assert(
    judged.status !== "ok" || oldestMs <= MAX_COIN_PRICE_AGE_MS + SLACK_MS,
    "I-16 age",
    () => `a price is ${oldestMs} ms old, and told ok`,
  );
}

/** When the ranked agents were last good, oldest first. */
function goodTimes({ database }: Scene, lane: Lane): number[] {
  return database.listed
    .flatMap(({ stx_address }) => {
      const fetch = database.tables.fetches.get(stx_address);
      const isRanked = fetch !== undefined && fetch.stacks_good_at !== null && fetch.bitcoin_good_at !== null;
      return isRanked ? [fetch[`${lane}_good_at`] ?? 0] : [];
    })
    .sort((a, b) => a - b);
}
