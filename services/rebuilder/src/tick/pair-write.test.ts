import { BTC, SBTC, STX } from "@standings/balances";
import { FALL_HELD } from "@standings/db";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AGENT, failed, fetched, planOf, TOKEN } from "../../test/plan.ts";
import type { FallVerdict } from "../safeguards/falls.ts";
import { toPairWrite, toRefusedWrite } from "./pair-write.ts";

const NO_FALLS: FallVerdict = { holds: [], kept: [], released: [] };
const UNCHANGED = { [STX]: 5n, [SBTC]: 7n, [TOKEN]: 3n };

describe("a complete answer", () => {
  it("that says what is stored writes no row but that it came", () => {
    expect(toPairWrite("stacks", fetched(UNCHANGED, 2), NO_FALLS, planOf())).toEqual({
      lane: "stacks",
      agent: "SP1",
      answer: {
        lane: "stacks",
        agent: "SP1",
        asked: "SP1",
        at: 50,
        rotation: 8,
        error: null,
        leftOut: 2,
        heldSince: null,
      },
      upserts: [],
      deletes: [],
      newTokens: [],
      changesRanking: false,
    });
  });

  it("writes what changed, counted tokens at zero too, and names tokens that are new", () => {
    const write = toPairWrite(
      "stacks",
      fetched({ [STX]: 6n, [SBTC]: 0n, [TOKEN]: 3n, "SP3.new": 1n }),
      NO_FALLS,
      planOf(),
    );
    expect(write.upserts.map(({ tokenId, raw, asked }) => [tokenId, raw, asked])).toEqual([
      [STX, "6", "SP1"],
      [SBTC, "0", "SP1"],
      ["SP3.new", "1", "SP1"],
    ]);
    expect(write.newTokens).toEqual([{ tokenId: "SP3.new", symbol: "SP3.new" }]);
    expect(write.deletes).toEqual([]);
    expect(write.changesRanking).toBe(true);
  });

  it("deletes a stranger's token that it no longer names, and never a counted one or the other lane's", () => {
    const write = toPairWrite("stacks", fetched({}), NO_FALLS, planOf());
    expect(write.deletes).toEqual([{ agent: "SP1", tokenId: TOKEN, asked: "SP1" }]);
    expect(toPairWrite("bitcoin", fetched({}), NO_FALLS, planOf()).deletes).toEqual([]);
  });

  it("about Bitcoin is one about the agent's Bitcoin address, in the lane's own rotation", () => {
    const write = toPairWrite("bitcoin", fetched({ [BTC]: 10n }), NO_FALLS, planOf());
    expect(write.answer).toMatchObject({ asked: "bc1", rotation: 9, leftOut: null });
    expect(write.upserts).toMatchObject([{ tokenId: BTC, raw: "10", asked: "bc1", provider: "hiro", at: 50 }]);
  });

  it("of which a fall is held back writes everything else, and is marked (H1)", () => {
    const pair = { agent: "SP1", asked: "SP1", since: 40, rotations: 1, rotation: 8 };
    const hold = {
      id: "fall-1",
      kind: "fall" as const,
      lane: "stacks" as const,
      tokenId: SBTC,
      pairs: [pair],
      since: 40,
      seen: 50,
    };
    const falls: FallVerdict = {
      holds: [hold],
      kept: [{ lane: "stacks", agent: "SP1", asked: "SP1", tokenId: SBTC }],
      released: [],
    };
    const write = toPairWrite("stacks", fetched({ [STX]: 6n, [SBTC]: 0n }), falls, planOf());
    expect(write.upserts.map(({ tokenId }) => tokenId)).toEqual([STX]);
    expect(write.answer).toMatchObject({ error: FALL_HELD, heldSince: 40 });
    const past = toPairWrite("stacks", fetched({ [STX]: 5n, [SBTC]: 0n }), { ...falls, holds: [] }, planOf());
    expect(past.upserts).toEqual([]);
    expect(past.answer).toMatchObject({ error: FALL_HELD, heldSince: 50 }); // past what a hold remembers
  });

  it("changes the ranking when it is the agent's first, and when it ends or begins a mark", () => {
    const changes = (stacks: { goodAt: number | null; error: string | null }) => {
      const plan = planOf({}, { stacks: { ...stacks, heldSince: null } });
      return toPairWrite("stacks", fetched(UNCHANGED), NO_FALLS, plan).changesRanking;
    };
    expect(changes({ goodAt: null, error: null })).toBe(true);
    expect(changes({ goodAt: 1, error: "timeout" })).toBe(true);
    expect(changes({ goodAt: 1, error: null })).toBe(false);
  });

  it("writes exactly what differs, whatever was stored and whatever comes", () => {
    const tokens = fc.dictionary(fc.constantFrom(STX, SBTC, TOKEN, "SP3.a", "SP3.b"), fc.bigInt({ min: 0n, max: 3n }));
    fc.assert(
      fc.property(tokens, tokens, (before, after) => {
        const stored = new Map([[BTC, "9"], ...Object.entries(before).map(([id, raw]) => [id, String(raw)] as const)]);
        const write = toPairWrite("stacks", fetched(after), NO_FALLS, planOf({}, { tokens: stored }));
        const next = new Map(stored);
        for (const { tokenId, raw } of write.upserts) {
          expect(next.get(tokenId)).not.toBe(raw);
          next.set(tokenId, raw);
        }
        for (const { tokenId } of write.deletes) next.delete(tokenId);
        for (const [tokenId, raw] of Object.entries(after)) expect(next.get(tokenId)).toBe(String(raw));
        const others = [...next.keys()].filter((tokenId) => !(tokenId in after));
        expect(others.filter((tokenId) => ![STX, SBTC, BTC].includes(tokenId))).toEqual([]);
        expect(next.get(BTC)).toBe("9");
      }),
    );
  });
});

describe("a failure", () => {
  it("marks the attempt alone, and keeps since when a holding is kept", () => {
    const plan = planOf({}, { stacks: { goodAt: 1, error: FALL_HELD, heldSince: 40 } });
    const write = toPairWrite("stacks", failed(), NO_FALLS, plan);
    expect(write).toMatchObject({ upserts: [], deletes: [], newTokens: [], changesRanking: false });
    expect(write.answer).toMatchObject({ error: "http-error 503", leftOut: null, heldSince: 40, at: 50 });
    expect(toPairWrite("stacks", failed(), NO_FALLS, planOf()).changesRanking).toBe(true);
  });
});

describe("an answer whose rows the database refuses", () => {
  it("is marked, without its rows", () => {
    const write = toPairWrite("stacks", fetched({ "SP3.new": 1n }), NO_FALLS, planOf());
    expect(toRefusedWrite(write)).toEqual({
      ...write,
      answer: { ...write.answer, error: "refused-by-database", leftOut: null },
      upserts: [],
      deletes: [],
      newTokens: [],
      changesRanking: true,
    });
    expect(write.agent).toBe(AGENT.stxAddress);
  });
});
