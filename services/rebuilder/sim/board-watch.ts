import { BTC, COINS, valueUsdMicros } from "@standings/balances";
import type { NewPublication } from "@standings/db";
import type { ModelStanding } from "./model-tables.ts";
import { hash } from "./random.ts";
import type { Scene } from "./scene.ts";
import type { Assert } from "./violation.ts";

/** Watches every ranking: whom it lists, in what order, and what it counts. */
export class BoardWatch {
  readonly #world: Scene;
  readonly #assert: Assert;
  #version = 0; // the highest that anyone who can know of it has published

  constructor(world: Scene, assert: Assert) {
    this.#world = world;
    this.#assert = assert;
  }

  /** Versions that neither D1 nor the object's memory knows any more may come again; no other may. */
  sawTimeTravel(): void {
    const { database, state } = this.#world;
    this.#version = Math.max(database.newestPublication?.version ?? 0, state.version);
  }

  sawWipe(): void {
    this.#version = this.#world.database.newestPublication?.version ?? 0;
  }

  sawPublication({ version, publishedAt, staleAfter }: NewPublication): void {
    this.#assert(version > this.#version, "I-5 version", () => `${version} after ${this.#version}`);
    this.#version = Math.max(this.#version, version);
    this.#assert(staleAfter > publishedAt, "I-16 age", () => "a ranking that is stale from the start");
    const { database } = this.#world;
    const standings = database.tables.publications.get(version)?.standings ?? [];
    const priced = database.getPrices().map(({ tokenId }) => tokenId);
    this.#assert(
      COINS.every((coin) => priced.includes(coin)),
      "I-24 prices",
      () => "a ranking without a coin's price",
    );
    this.#isOrdered(standings);
    this.#isCountedOnce(standings);
    if (hash(this.#world.seed, version) % 5 === 0) for (const one of standings) this.#isExact(one);
  }

  #isOrdered(standings: readonly ModelStanding[]): void {
    const listed = new Set(this.#world.database.listed.map(({ stx_address }) => stx_address));
    for (const [index, standing] of standings.entries()) {
      const before = standings[index - 1];
      const isOrdered =
        !before ||
        before.totalUsd > standing.totalUsd ||
        (before.totalUsd === standing.totalUsd && before.stxAddress < standing.stxAddress);
      this.#assert(isOrdered, "I-13 order", () => `${before?.stxAddress} before ${standing.stxAddress}`);
      this.#assert(listed.has(standing.stxAddress), "I-15 population", () => `${standing.stxAddress} is not listed`);
    }
  }

  #isCountedOnce(standings: readonly ModelStanding[]): void {
    const counted = new Set<string>();
    for (const { btcAddress, tokens } of standings) {
      const bitcoin = tokens.find(({ id }) => id === BTC);
      if (bitcoin?.reason === "claimed-by-another") this.#world.tally.add("bitcoin counted for another agent");
      if (!bitcoin || bitcoin.reason !== null) continue;
      this.#assert(!counted.has(btcAddress), "I-25 once", () => `${btcAddress} counts twice`);
      counted.add(btcAddress);
    }
  }

  /** In doubles each token is within a micro-dollar of what it is exactly. */
  #isExact({ stxAddress, totalUsd, tokens }: ModelStanding): void {
    let total = 0n;
    let tokensCounted = 0;
    for (const { id, raw, reason } of tokens) {
      const token = this.#world.database.tables.tokens.get(id);
      if (reason !== null || !token || token.price_usd === null || token.decimals === null) continue;
      total += valueUsdMicros(BigInt(raw), token.decimals, token.price_usd);
      tokensCounted++;
    }
    const isExact = Math.abs(Number(total) - totalUsd) <= tokensCounted;
    this.#assert(isExact, "I-11 totals", () => `${stxAddress} has ${totalUsd}, which is ${total}`);
  }
}
