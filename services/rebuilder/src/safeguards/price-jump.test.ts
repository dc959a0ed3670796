import { BTC, type Quote, STX } from "@standings/balances";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  describePriceHold,
  judgePrice,
  NEW_PRICE_MEMORY,
  type PriceInput,
  type PriceMemory,
  type PriceVerdict,
  toPriceMemory,
} from "./price-jump.ts";

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;

describe("a quote within the bound", () => {
  it("of one source becomes the price, and two that agree are said to confirm it", () => {
    expect(accepted([quote(1.5)])).toEqual({ priceUsd: 1.5, by: "last-good" });
    expect(accepted([quote(1.5), quote(1.6, "coinbase")])).toEqual({ priceUsd: 1.5, by: "second-source" });
  });

  it("is taken from the preferred source of those that agree", () => {
    const quotes = [quote(9), quote(1.2, "coinbase"), quote(1.25, "mempool.space")];
    expect(accepted(quotes)).toEqual({ priceUsd: 1.2, by: "second-source" });
  });

  it("is never replaced by an older one, which only confirms", () => {
    const older = quote(1.1, "coinbase", -MINUTE_MS);
    expect(judged([older])).toMatchObject({ accepted: null, problem: "no quote is newer than the last good price" });
    expect(accepted([quote(1.2, "coingecko", 5), older])).toEqual({ priceUsd: 1.2, by: "second-source" });
    expect(judged([older, quote(1.2, "coingecko", 5)]).accepted?.price.source).toBe("coingecko");
  });

  it("ends a hold, whoever made it", () => {
    const { hold } = judged([quote(5)]);
    expect(judged([quote(1.1)], { hold }).hold).toBeUndefined();
    expect(judged([quote(1.1, "coinbase")], { hold }).accepted?.price.priceUsd).toBe(1.1);
  });
});

describe("a quote past the bound", () => {
  it("is held, and the last good price stays", () => {
    const { accepted: none, hold, problem } = judged([quote(1.6)]);
    expect(none).toBeNull();
    expect(hold).toEqual({
      id: "price-stx-12345678",
      kind: "price",
      tokenId: STX,
      priceUsd: 1.6,
      source: "coingecko",
      from: 1,
      since: NOW,
      saidSince: NOW,
      seen: NOW,
    });
    expect(problem).toBe("stx went from 1 to 1.6 USD at coingecko alone");
  });

  it("is believed at once when a second source says the same, however far it is, and not when the two differ", () => {
    expect(accepted([quote(1_000), quote(1_090, "coinbase")])).toEqual({ priceUsd: 1_000, by: "second-source" });
    expect(judged([quote(1_000), quote(2_000, "coinbase")]).accepted).toBeNull();
    expect(judged([quote(1_000), quote(1_000)]).accepted).toBeNull(); // the same source twice
  });

  it("is believed after thirty minutes when its source is the only one left and stays with it (H5a)", () => {
    const { hold } = judged([quote(1.3, "coinbase")], { lastGood: price(0.8) });
    const at = (minutes: number, priceUsd = 1.3) => {
      const nowMs = NOW + minutes * MINUTE_MS;
      return judged([{ priceUsd, source: "coinbase", pricedAt: nowMs }], { lastGood: price(0.8), hold, nowMs });
    };
    expect(at(29).accepted).toBeNull();
    expect(at(30).accepted).toMatchObject({ price: { priceUsd: 1.3 }, confirmedBy: "single-source" });
    expect(at(30, 1.4).accepted?.price.priceUsd).toBe(1.4); // within ten percent of what it said
    expect(at(30, 1.5)).toMatchObject({ accepted: null, hold: { priceUsd: 1.5, saidSince: NOW + 30 * MINUTE_MS } });
  });

  it("waits its thirty minutes anew while another source contradicts it, or when another source says it", () => {
    const { hold } = judged([quote(5)]);
    const late = { hold, nowMs: NOW + 30 * MINUTE_MS };
    const [own, other] = [quote(5, "coingecko", 30 * MINUTE_MS), quote(9, "coinbase", 30 * MINUTE_MS)];
    expect(judged([own, other], late)).toMatchObject({ accepted: null, hold: { saidSince: late.nowMs, since: NOW } });
    expect(judged([quote(5, "coinbase", 30 * MINUTE_MS)], late)).toMatchObject({ hold: { source: "coinbase" } });
  });

  it("stays held while no feed answers", () => {
    const { hold } = judged([quote(5)]);
    expect(judged([], { hold, nowMs: NOW + 31 * MINUTE_MS })).toEqual({ accepted: null, hold, problem: "no answer" });
    expect(judged([quote(0)], { hold }).problem).toBe("no usable quote");
  });

  it("waits no longer because a clock was set back", () => {
    const ahead = 1_000 * MINUTE_MS;
    const { hold } = judged([quote(5, "coingecko", ahead)], { nowMs: NOW + ahead });
    expect(judged([quote(5)], { hold }).hold).toMatchObject({ saidSince: NOW });
  });

  it("is believed when an operator accepts it, with no feed left too", () => {
    const { hold } = judged([quote(5)]);
    const later = { hold, isAccepted: true, nowMs: NOW + MINUTE_MS };
    expect(judged([], later)).toMatchObject({
      accepted: { price: { priceUsd: 5, pricedAt: NOW, source: "coingecko" }, confirmedBy: "operator" },
      hold: undefined,
      problem: null,
    });
  });
});

describe("the first price", () => {
  const first = { lastGood: undefined };

  it("of a coin needs two sources, or an operator, however long one has said it (H5b)", () => {
    const { hold, problem } = judged([quote(1)], { ...first, tokenId: BTC });
    expect(hold).toMatchObject({ from: null, priceUsd: 1 });
    expect(problem).toBe("the first price of btc-l1, 1 USD, is coingecko's alone");
    const late = { ...first, tokenId: BTC, hold, nowMs: NOW + 100 * 3_600_000 };
    expect(judged([quote(1, "coingecko", 100 * 3_600_000)], late).accepted).toBeNull();
    const two = [quote(100_000), quote(101_000, "coinbase")];
    expect(judged(two, { ...first, tokenId: BTC }).accepted?.confirmedBy).toBe("second-source");
    expect(judged([], { ...late, isAccepted: true }).accepted?.confirmedBy).toBe("operator");
  });

  it("of another token is believed of one source after thirty minutes", () => {
    const { hold } = judged([quote(1)], { ...first, tokenId: "token" });
    const late = { ...first, tokenId: "token", hold, nowMs: NOW + 30 * MINUTE_MS };
    expect(judged([quote(1, "coingecko", 30 * MINUTE_MS)], late).accepted?.confirmedBy).toBe("single-source");
  });
});

describe("a source that creeps", () => {
  it("moves a price no further than the bound within an hour, however small its steps, with or without a history", () => {
    for (const memory of [NEW_PRICE_MEMORY, history(1, 70), history(1, 3)]) {
      const { highest } = feed(memory, (minute) => 1.05 ** minute, 60);
      expect(highest).toBeLessThanOrEqual(1.5 * 1.05);
    }
  });

  it("is free to go on an hour later", () => {
    const { highest } = feed(history(1, 70), (minute) => 1 + minute / 240, 240);
    expect(highest).toBeGreaterThan(1.99);
  });
});

describe("a price that was believed on more than its source's word", () => {
  it("is where the next one is measured from: it is not held again for what an hour ago was", () => {
    for (const by of ["second-source", "single-source", "operator"] as const) {
      const memory = toPriceMemory(history(1, 70), price(2), by, NOW);
      const next = judged([quote(2.1)], { lastGood: price(2), memory });
      expect(next).toMatchObject({ accepted: { confirmedBy: "last-good" }, hold: undefined });
    }
  });
});

describe("what is remembered of a price", () => {
  it("is a sample every five minutes, of the last hour and a bit", () => {
    const { memory } = feed(NEW_PRICE_MEMORY, () => 1, 300);
    expect(memory.samples.length).toBeLessThanOrEqual(15);
    expect(memory).toMatchObject({ confirmedBy: "last-good", pricedAt: NOW + 299 * MINUTE_MS });
  });
});

describe("whatever the feeds say", () => {
  it("is a price only when it is one of their quotes, usable, and not older than the last good one", () => {
    const priceUsd = fc.oneof(fc.double(), fc.constantFrom(0, -1, 1, 1.4, 1.6, Number.NaN, Number.POSITIVE_INFINITY));
    const ago = fc.constantFrom(0, -MINUTE_MS, -16 * MINUTE_MS, 30_000, 2 * MINUTE_MS, 1e15);
    const one = fc
      .tuple(priceUsd, fc.constantFrom("a", "b", "c"), ago)
      .map(([usd, source, at]) => quote(usd, source, at));
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 4 }),
        fc.boolean(),
        fc.constantFrom(BTC, "token"),
        (quotes, isFirst, tokenId) => {
          const lastGood = isFirst ? undefined : price(1, -MINUTE_MS);
          const verdict = judged(quotes, { lastGood, tokenId });
          expect(verdict.accepted === null).toBe(verdict.problem !== null);
          if (!verdict.accepted) return;
          const dated = quotes.map((one) => ({ ...one, pricedAt: Math.min(one.pricedAt, NOW) }));
          expect(dated).toContainEqual(verdict.accepted.price);
          const { priceUsd: usd, pricedAt } = verdict.accepted.price;
          expect(usd > 0 && Number.isFinite(usd)).toBe(true);
          expect(pricedAt >= NOW - 15 * MINUTE_MS && pricedAt <= NOW).toBe(true);
          if (lastGood) expect(pricedAt).toBeGreaterThanOrEqual(lastGood.pricedAt);
          expect(verdict.hold).toBeUndefined();
        },
      ),
    );
  });
});

/** A lone source, minute by minute, each price judged by what was remembered of the one before. */
function feed(start: PriceMemory, toUsd: (minute: number) => number, minutes: number) {
  let memory = start;
  let [lastGood, highest] = [price(1, -MINUTE_MS), 1];
  let hold: PriceVerdict["hold"];
  for (let minute = 0; minute < minutes; minute++) {
    const nowMs = NOW + minute * MINUTE_MS;
    const quotes = [quote(toUsd(minute), "coingecko", minute * MINUTE_MS)];
    const verdict = judged(quotes, { lastGood, memory, hold, nowMs });
    hold = verdict.hold;
    if (!verdict.accepted) continue;
    lastGood = verdict.accepted.price;
    memory = toPriceMemory(memory, lastGood, verdict.accepted.confirmedBy, nowMs);
    highest = Math.max(highest, lastGood.priceUsd);
  }
  return { memory, highest };
}

/** The same price for so many minutes until now. */
function history(priceUsd: number, minutes: number): PriceMemory {
  let memory = NEW_PRICE_MEMORY;
  for (let ago = minutes; ago > 0; ago--) {
    const at = -ago * MINUTE_MS;
    memory = toPriceMemory(memory, price(priceUsd, at), "last-good", NOW + at);
  }
  return memory;
}

function quote(priceUsd: number, source = "coingecko", agoMs = 0): Quote {
  return { priceUsd, source, pricedAt: NOW + agoMs };
}

function price(priceUsd: number, agoMs = 0): Quote {
  return quote(priceUsd, "coingecko", agoMs);
}

function judged(quotes: readonly Quote[], changes: Partial<PriceInput> = {}): PriceVerdict {
  return judgePrice({
    tokenId: STX,
    lastGood: price(1),
    memory: NEW_PRICE_MEMORY,
    hold: undefined,
    isAccepted: false,
    quotes,
    nowMs: NOW,
    newId: () => "12345678-9",
    ...changes,
  });
}

function accepted(quotes: readonly Quote[]) {
  const { accepted: one } = judged(quotes);
  return one && { priceUsd: one.price.priceUsd, by: one.confirmedBy };
}

describe("a hold in words", () => {
  it("names the move, or the first price, and whose word it is", () => {
    const { hold } = judged([quote(5)]);
    if (!hold) throw new Error("nothing is held");
    expect(describePriceHold(hold)).toBe("stx went from 1 to 5 USD at coingecko alone");
    expect(describePriceHold({ ...hold, from: null })).toBe("the first price of stx, 5 USD, is coingecko's alone");
  });
});
