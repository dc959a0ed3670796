import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  compileOperatorAction,
  FALL_HELD,
  findTickId,
  getStored,
  KEPT_OPERATOR_ACTIONS,
  listAgentsAfter,
  listOperatorActions,
  readPlan,
} from "../src/index.ts";
import {
  ALICE,
  agent,
  applyRoster,
  BOB,
  bitcoin,
  CAROL,
  db,
  failed,
  PRICES,
  SPAM,
  stacks,
  tick,
  toCommit,
  wipe,
} from "./rig.ts";

beforeEach(wipe);

describe("the plan", () => {
  it("of an empty database is nothing", async () => {
    expect(await readPlan(db)).toEqual({
      commit: null,
      publication: null,
      fetchesRotation: null,
      listedAgents: 0,
      prices: [],
    });
  });

  it("is the newest commit's place, the newest ranking and the last good prices", async () => {
    await applyRoster([agent(ALICE)]);
    await tick({ answered: [stacks(ALICE, {})], publish: { version: 1, rotation: 2 } });
    const place = JSON.stringify({ stacks: { cursor: ALICE } });
    await tick({
      commit: toCommit(9, { tick_id: "nine", committed_at: 77, place }),
      prices: PRICES,
      publish: { version: 4, rotation: 3, publishedAt: 88 },
    });
    expect(await readPlan(db)).toEqual({
      commit: { epoch: 9, tickId: "nine", committedAt: 77, place },
      publication: { version: 4, rotation: 3, publishedAt: 88 },
      fetchesRotation: null,
      listedAgents: null,
      prices: expect.arrayContaining(PRICES),
    });
    expect(await findTickId(db, 9)).toBe("nine");
    expect(await findTickId(db, 10)).toBeUndefined();
  });

  it("refuses a place that is no JSON", async () => {
    await expect(tick({ commit: toCommit(1, { place: "{" }) })).rejects.toThrow(/CHECK/);
  });
});

describe("the next agents", () => {
  it("are each lane's own, after its cursor, listed only, in address order", async () => {
    await applyRoster([agent(ALICE), agent(BOB), agent(CAROL)]);
    await applyRoster([agent(CAROL), agent(ALICE)]);
    const [alice, carol] = [ALICE, CAROL].map((one) => ({ stxAddress: one, btcAddress: agent(one).btc_address }));
    const from = (cursor: string, limit = 9) => ({ cursor, limit });
    expect(await listAgentsAfter(db, { stacks: from(""), bitcoin: from(ALICE) })).toEqual({
      stacks: [alice, carol],
      bitcoin: [carol],
    });
    expect(await listAgentsAfter(db, { stacks: from("", 1), bitcoin: from(CAROL) })).toEqual({
      stacks: [alice],
      bitcoin: [],
    });
  });
});

describe("what is stored of agents", () => {
  it("is their amounts to the last digit, both lanes' state, and which tokens count", async () => {
    await applyRoster([agent(ALICE), agent(BOB)]);
    const held = { ...bitcoin(ALICE, 3n, 2_000), error: FALL_HELD, heldSince: 1_000 };
    await tick({ answered: [stacks(ALICE, { stx: 2n ** 64n, [SPAM]: 1n }), held, failed(BOB, "stacks", 3_000)] });
    await applyRoster([agent(ALICE)]);
    const { agents, countedTokens } = await getStored(db, [ALICE, BOB, CAROL]);
    const never = { goodAt: null, error: null, heldSince: null };
    expect(agents).toEqual(
      new Map([
        [
          ALICE,
          {
            btcAddress: agent(ALICE).btc_address,
            listed: true,
            tokens: new Map([
              [SPAM, "1"],
              ["btc-l1", "3"],
              ["stx", (2n ** 64n).toString()],
            ]),
            stacks: { goodAt: 1_000, error: null, heldSince: null },
            bitcoin: { goodAt: 2_000, error: FALL_HELD, heldSince: 1_000 },
          },
        ],
        [
          BOB,
          {
            btcAddress: agent(BOB).btc_address,
            listed: false,
            tokens: new Map(),
            stacks: { ...never, error: "timeout" },
            bitcoin: never,
          },
        ],
      ]),
    );
    expect(countedTokens).toEqual(new Set(["stx", "btc-l1", "sbtc"]));
  });
});

describe("operator actions", () => {
  const action = { id: "a", at: 5, action: "pause", subject: null, reason: "deploy", outcome: "paused" };

  it("are listed newest first, each once however often it is written", async () => {
    const other = { ...action, id: "b", at: 6, action: "accept", subject: "fall:stx" };
    for (const one of [action, other, action]) await db.batch(compileOperatorAction(db, one));
    expect(await listOperatorActions(db, 9)).toEqual([other, action]);
    expect(await listOperatorActions(db, 1)).toEqual([other]);
  });

  it("are kept to a number, the oldest going first", async () => {
    const many = Array.from({ length: KEPT_OPERATOR_ACTIONS }, (_, index) => index + 10);
    await env.DB.prepare(
      "INSERT INTO operator_actions SELECT 'n' || value, value, 'pause', NULL, NULL, '' FROM json_each(?)",
    )
      .bind(JSON.stringify(many))
      .run();
    await db.batch(compileOperatorAction(db, { ...action, at: KEPT_OPERATOR_ACTIONS + 10 }));
    const kept = await listOperatorActions(db, KEPT_OPERATOR_ACTIONS + 1);
    expect([kept.length, kept[0]?.id, kept.at(-1)?.id]).toEqual([KEPT_OPERATOR_ACTIONS, "a", "n11"]);
  });
});
